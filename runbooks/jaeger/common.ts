import type { jaeger, OutputOf } from "../../src/sdk/index.ts";

export type SlowTrace = OutputOf<typeof jaeger.slowTraces>["traces"][number];
type Part = SlowTrace["path"][number];
type Repeated = SlowTrace["repeated"][number];

/** A step in several traces: its greatest share, and in how many. */
type InTraces<T> = T & { readonly traces: number };

/** Of a request's time, from which a step is why it is slow. */
const HOLDS = 0.3;
const REPEATS = 0.2;

const keyOf = ({ service, name, asks }: Pick<Part, "service" | "name" | "asks">): string =>
  JSON.stringify([service, name.replace(/\d+/g, "?"), asks]);

/** Each step once per trace, with the trace's greatest of it; the step that most traces have first. */
function across<T extends Part | Repeated>(all: readonly (readonly T[])[]): InTraces<T>[] {
  const found = new Map<string, InTraces<T>>();
  for (const ofOne of all)
    for (const part of new Map(ofOne.toReversed().map((one) => [keyOf(one), one])).values()) {
      const before = found.get(keyOf(part));
      const most = before === undefined || part.share > before.share ? part : before;
      found.set(keyOf(part), { ...most, traces: (before?.traces ?? 0) + 1 });
    }
  return [...found.values()].sort((a, b) => b.traces - a.traces || b.share - a.share);
}

/** The step that holds up at least half of the traces; undefined: none does. */
export function dominantOf(traces: readonly SlowTrace[]): InTraces<Part> | undefined {
  const [first] = across(traces.map(({ path }) => path.filter(({ share }) => share >= HOLDS)));
  return first !== undefined && first.traces * 2 >= traces.length ? first : undefined;
}

/** Equal steps one by one that take a fifth of a request or more. */
export const repeatedOf = (traces: readonly SlowTrace[], times: number): InTraces<Repeated> | undefined =>
  across(
    traces.map(({ repeated }) =>
      repeated.filter((one) => one.times >= times && one.failed < one.times / 2 && one.share >= REPEATS),
    ),
  )[0];

/** A step that fails again and again below one, and takes a fifth of the request or more. */
export const retriedOf = (traces: readonly SlowTrace[]): InTraces<Repeated> | undefined =>
  across(
    traces.map(({ repeated }) =>
      repeated.filter((one) => one.failed >= 2 && one.failed >= one.times / 2 && one.share >= REPEATS),
    ),
  )[0];

/** A gap that at least half of the traces have. */
export function gapOf(traces: readonly SlowTrace[]): InTraces<Part> | undefined {
  const [first] = across(traces.map(({ gaps }) => gaps.filter(({ share }) => share >= HOLDS)));
  return first !== undefined && first.traces * 2 >= traces.length ? first : undefined;
}
