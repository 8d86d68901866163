import { type Evidence, table } from "../words/evidence.ts";
import { canonical, type Json } from "../words/json.ts";
import type { Before } from "../words/runbook.ts";

/** The newest run of the same runbook, system and connections that found nothing wrong and could look at everything. */
export interface Healthy {
  readonly run: number;
  readonly at: Date;
  readonly steps: Before;
}

interface Step {
  readonly name: string;
  readonly phase: string;
  readonly state: string;
  readonly input: Json;
  readonly output?: unknown;
}

const MOST = 6;
const MOST_ENTRIES = 200;
const LONGEST = 60;
const DEEPEST = 4;

/**
 * What was one word then and is another now: states, settings, versions, switches. Numbers move by themselves and are the findings'
 * business; times, numbers of things and words of others are none of it. Undefined: nothing of the kind. Pure.
 */
export function sinceHealthy(healthy: Healthy, steps: readonly Step[]): Evidence | undefined {
  const differs = steps.flatMap(({ name, phase, state, input, output }) => {
    const then = healthy.steps[name];
    if (phase !== "diagnose" || state !== "succeeded" || then === undefined) return [];
    if (canonical(then.input) !== canonical(input)) return [];
    const was = wordsOf(then.value);
    return [...wordsOf(output)].flatMap(([path, now]) => {
      const before = was.get(path);
      return before === undefined || before === now ? [] : [[sayPath(path), before, now]];
    });
  });
  if (differs.length === 0) return undefined;
  const more = differs.length > MOST ? `; ${differs.length - MOST} more` : "";
  const when = healthy.at.toISOString().slice(0, 16).replace("T", " ");
  const title = `Since the last healthy run (#${healthy.run}, ${when} UTC)${more}`;
  return table(["what", "then", "now"], differs.slice(0, MOST), title);
}

/** Names whose values are times, identities or words of others. */
const MOVES =
  /(^|[a-z_])(id|ids|pid|at|since|until|time|times|started|finished|seconds|ago|query|statement|text|line|lines|example|error|message|detail|evidence|hint|lsn|wal|segment|address|client|host|port|token|body|excerpt|first|last|newest|oldest|worst|cause|because|why)$/i;
const IS_TIME = /^\d{4}-\d\d-\d\d|^\d\d:\d\d/;

/** Short words and switches by their path; entries of a list by their name, where each has one of its own. */
function wordsOf(value: unknown): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (one: unknown, path: readonly string[]): void => {
    if (found.size >= MOST_ENTRIES || path.length > DEEPEST) return;
    const word = wordOf(one);
    if (word !== undefined) found.set(path.join("\0"), word);
    for (const [name, entry] of partsOf(one)) walk(entry, [...path, name]);
  };
  walk(value, []);
  return found;
}

function wordOf(one: unknown): string | undefined {
  if (typeof one === "boolean") return one ? "yes" : "no";
  if (typeof one !== "string" || one === "" || one.length > LONGEST || IS_TIME.test(one)) return undefined;
  return one;
}

function partsOf(one: unknown): [string, unknown][] {
  if (Array.isArray(one)) return named(one);
  if (typeof one !== "object" || one === null) return [];
  return Object.entries(one).filter(([name]) => !MOVES.test(name));
}

function named(list: readonly unknown[]): [string, unknown][] {
  const names = list.map((one) => {
    const name: unknown = typeof one === "object" && one !== null ? Reflect.get(one, "name") : undefined;
    return typeof name === "string" && name !== "" && name.length <= LONGEST ? name : undefined;
  });
  if (new Set(names).size !== list.length) return [];
  return list.flatMap((one, at): [string, unknown][] => {
    const name = names[at];
    if (name === undefined) return [];
    const { name: _name, ...rest } = one as Record<string, unknown>;
    return [[name, rest]];
  });
}

/** `maxmemoryPolicy` → `maxmemory policy`. */
const sayPath = (path: string): string =>
  path
    .split("\0")
    .map((name) =>
      /^[a-z][A-Za-z0-9]*$/.test(name)
        ? name.replace(/([a-z])([A-Z])/g, (_all, a: string, b: string) => `${a} ${b.toLowerCase()}`)
        : name,
    )
    .join(" ");
