import { count } from "../../src/sdk/index.ts";
import { around, shapes } from "./environment-shapes.ts";
import { taken } from "./environment-taken.ts";
import {
  about,
  type Environment,
  type Found,
  flagsOf,
  isRunning,
  sayNames,
  who,
} from "./environment-words.ts";

/** What is wrong with one environment. Pure. */
export function environmentFindings(one: Environment, also: readonly string[]): Found[] {
  const required = [...new Set([...one.required, ...also])];
  return [
    absent(one, required),
    missing(one, required),
    unset(one, required),
    ...taken(one),
    ...shapes(one),
    ...around(one),
  ].filter((found) => found !== undefined);
}

function absent(one: Environment, required: readonly string[]): Found | undefined {
  if (one.file.state !== "absent") return undefined;
  const isWell =
    isRunning(one) && required.length > 0 && required.every((name) => flagsOf(one, name) !== undefined);
  return {
    id: `file-absent:${one.name}`,
    severity: isWell ? "warning" : "critical",
    title: `${one.file.path} is not there`,
    because: isWell
      ? "What runs has all required names from elsewhere, or from before it was removed: the next start may not."
      : "What should be set in it is not set from there. A compose file or a unit that names it refuses to start, unless it is marked as not needed (`-` before its path).",
    evidence: [about(one)],
    remedies: ["setNames"],
  };
}

function missing(one: Environment, required: readonly string[]): Found | undefined {
  const { state } = one.file;
  if (state === "absent" || (state === "denied" && one.process.has === null)) return undefined;
  const lacks = (names: readonly string[]) => names.filter((name) => flagsOf(one, name) === undefined);
  const isDeclared = required.length > 0;
  const names = lacks(isDeclared ? required : one.example.names);
  if (names.length === 0) return undefined;
  const it = names.length === 1 ? "it" : "them";
  const where = isRunning(one)
    ? `Neither ${one.file.path || "its configuration"} nor the process itself has ${it}`
    : `${one.file.path || who(one)} does not set ${it}`;
  return {
    id: `missing:${one.name}`,
    severity: isDeclared ? "critical" : "warning",
    title: `${count(names.length, "name")} missing for ${who(one)}: ${sayNames(names)}`,
    because: isDeclared
      ? `${where}. Without ${it}, it is declared, the service cannot run.`
      : `${where}; ${one.example.path} lists ${it}. An example also holds what may be left out: declare \`required:\` to have that judged.`,
    evidence: [about(one)],
    remedies: ["setNames"],
  };
}

function unset(one: Environment, required: readonly string[]): Found | undefined {
  const names = [...new Set([...required, ...one.file.entries.map(({ name }) => name)])];
  const is = (flag: string) => names.filter((name) => flagsOf(one, name)?.includes(flag));
  const [empty, placeholder] = [is("empty").filter((name) => required.includes(name)), is("placeholder")];
  const all = [...empty, ...placeholder];
  if (all.length === 0) return undefined;
  const isNeeded = all.some((name) => required.includes(name));
  const parts = [
    ...(empty.length === 0 ? [] : [`empty: ${sayNames(empty)}`]),
    ...(placeholder.length === 0 ? [] : [`left as in an example: ${sayNames(placeholder)}`]),
  ];
  return {
    id: `unset:${one.name}`,
    severity: isNeeded ? "critical" : "warning",
    title: `Names of ${who(one)} without a real value: ${parts.join("; ")}`,
    because:
      "They are set, so a check for their presence passes; the program fails later, or talks to what the example names. Judged by shape only (`changeme`, `your_…`, `<…>`, `user:pass@`): no value was read.",
    evidence: [about(one)],
    remedies: ["setNames"],
  };
}
