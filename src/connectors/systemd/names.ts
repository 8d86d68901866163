import { z } from "zod";

const ENDING = /\.(service|socket|timer|target|mount|automount|path|slice|scope|swap|device)$/;

/** Names as systemd takes them (systemd.unit(5)), and the globs * and ?; never an option. */
export const UNIT_PATTERN = /^[A-Za-z0-9_:.\\@*?][A-Za-z0-9_:.\\@*?-]*$/;

/** With its ending, as `systemctl` completes it: `api` is `api.service`. */
export const fullName = (name: string): string => (ENDING.test(name) ? name : `${name}.service`);

/** One unit, no glob, with its ending. */
export const UnitName = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9_:.\\@][A-Za-z0-9_:.\\@-]*$/, "a unit's name")
  .transform(fullName);

export const isGlob = (pattern: string): boolean => /[*?]/.test(pattern);

/** A template has no process of its own: only its instances run (`worker@1.service` of `worker@.service`). */
export const isTemplate = (name: string): boolean => name.includes("@.");

/** Whether one of these names or globs means the unit. Linear in the length of the name. */
export const isMeant = (patterns: readonly string[], unit: string): boolean =>
  patterns.some((pattern) => matches(pattern, unit));

function matches(pattern: string, name: string): boolean {
  let at = 0;
  let glob = 0;
  let star = -1;
  let resume = 0;
  while (at < name.length) {
    if (pattern[glob] === "*") {
      star = glob;
      glob += 1;
      resume = at;
    } else if (pattern[glob] === "?" || pattern[glob] === name[at]) {
      glob += 1;
      at += 1;
    } else if (star >= 0) {
      glob = star + 1;
      resume += 1;
      at = resume;
    } else return false;
  }
  return [...pattern.slice(glob)].every((rest) => rest === "*");
}
