import { clip } from "../../../core/words/format.ts";

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Fields whose values are shown; of all others, environment above all, only that they differ. */
const SHOWN =
  /\.(image|resources\.(limits|requests)\.[\w./-]+|(liveness|readiness|startup)Probe\..*|ports\.\d+\.\w+|replicas)$/;
const MOST = 12;

/**
 * What differs between two pod templates, in lines: `api: image a:1 → a:2`, `api: env DB_HOST changed`. Containers and
 * environment are compared by name; values of the environment are never shown. Pure.
 */
export function templateDiff(before: unknown, after: unknown): string[] {
  const then = flat(before);
  const now = flat(after);
  const paths = [...new Set([...then.keys(), ...now.keys()])].sort();
  const lines = paths.flatMap((path) => {
    const [a, b] = [then.get(path), now.get(path)];
    return a === b ? [] : [sayChange(path, a, b)];
  });
  const all = [...new Set(lines)];
  return all.length <= MOST ? all : [...all.slice(0, MOST - 1), `and ${all.length - MOST + 1} more`];
}

function sayChange(path: string, a: string | undefined, b: string | undefined): string {
  const match = /^spec\.(?:init|ephemeral)?[cC]ontainers\.([^/]*)\/(.*)$/.exec(path);
  const [where, field] =
    match === null
      ? ["", path.replaceAll("/", ".")]
      : [`${match[1]}: `, (match[2] ?? "").replaceAll("/", ".")];
  const env = /^env\.([^.]+)/.exec(field);
  const word = a === undefined ? "added" : b === undefined ? "removed" : "changed";
  if (env !== null) return clip(`${where}env ${env[1]} ${word}`, 160);
  if (!SHOWN.test(`.${field}`)) return clip(`${where}${field} ${word}`, 160);
  return clip(`${where}${field} ${a ?? "unset"} → ${b ?? "unset"}`, 200);
}

/** Leaves by path; lists of named things by name, the hash that the controller adds left out. */
function flat(value: unknown, path = "", into = new Map<string, string>()): Map<string, string> {
  if (into.size > 2000) return into;
  for (const [name, one] of membersOf(value)) {
    if (name === "pod-template-hash" || name === "creationTimestamp") continue;
    const at = joined(path, name);
    if (isFields(one) || Array.isArray(one)) flat(one, at, into);
    else if (one !== null && one !== undefined) into.set(at, String(one));
  }
  return into;
}

function membersOf(value: unknown): (readonly [name: string, one: unknown])[] {
  if (isFields(value)) return Object.entries(value);
  if (!Array.isArray(value)) return [];
  return value.map((one, index) => [
    isFields(one) && typeof one.name === "string" ? one.name : String(index),
    one,
  ]);
}

/** What belongs to a container stands behind a slash, so that names with dots are told apart. */
function joined(path: string, name: string): string {
  if (path === "") return name;
  return /ontainers\.[^./]+$/.test(path) ? `${path}/${name}` : `${path}.${name}`;
}
