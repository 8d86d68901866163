import type { Span, Trace } from "./span.ts";

/** Where the time of one trace went. Microseconds. */
export interface Analysis {
  readonly id: string;
  readonly start: number;
  readonly duration: number;
  readonly root: Span;
  readonly spans: number;
  readonly errors: readonly Span[];
  /** Time on the critical path by step, the most first: only what is on it makes the trace shorter. */
  readonly path: readonly Part[];
  readonly repeated: readonly Repeated[];
  /** Time on the critical path within a step that has others below it, and none of them runs: nobody says what it does then. */
  readonly gaps: readonly Part[];
  /** Spans whose parent is missing: a part of the trace was not sampled, not sent or has not arrived. */
  readonly orphans: number;
}

interface Part {
  readonly service: string;
  readonly name: string;
  readonly asks: string;
  readonly time: number;
}

/** Equal steps below one, one after another. */
export interface Repeated {
  readonly service: string;
  readonly name: string;
  readonly asks: string;
  readonly below: string;
  readonly times: number;
  readonly time: number;
  /** How many of them failed: a step that fails and is made again is a retry. */
  readonly failed: number;
}

const LEAST_REPEATED = 3;
/** A gap that counts: a fifth of the trace in one piece. */
const GAP_SHARE = 0.2;

/** Undefined: a trace without spans. Pure. */
export function analyse({ id, spans: all }: Trace): Analysis | undefined {
  // A span that is sent twice is one.
  const spans = [...new Map(all.map((one) => [one.id, one])).values()].filter(
    ({ start, end }) => end >= start,
  );
  const ids = new Set(spans.map((one) => one.id));
  const tops = spans.filter(({ parent }) => parent === undefined || !ids.has(parent));
  const root = tops.toSorted((a, b) => b.end - b.start - (a.end - a.start))[0];
  if (root === undefined) return undefined;
  const below = new Map<string, Span[]>();
  for (const one of spans)
    if (one.parent !== undefined && ids.has(one.parent) && one.parent !== one.id)
      below.set(one.parent, [...(below.get(one.parent) ?? []), one]);
  const path = criticalPath(root, below);
  const duration = root.end - root.start;
  return {
    ...{ id, root, duration, start: root.start, spans: spans.length },
    errors: spans.filter(({ isError }) => isError).slice(0, 20),
    path: summed(path.map(({ span, time }) => partOf(span, time))),
    repeated: [...below].flatMap(([parent, children]) =>
      repeatedIn(
        children,
        spans.find((one) => one.id === parent),
      ),
    ),
    gaps: summed(
      path
        .filter(({ span, time }) => below.has(span.id) && time >= duration * GAP_SHARE)
        .map(({ span, time }) => partOf(span, time)),
    ),
    orphans: tops.filter(({ parent }) => parent !== undefined).length,
  };
}

interface Piece {
  readonly span: Span;
  readonly time: number;
}

/**
 * From the end back: of the steps below, the one that ended last before the moment held it up; what is between is the step's own.
 * Each moment of the root is of exactly one piece, so the parts add up to its duration.
 */
function criticalPath(root: Span, below: ReadonlyMap<string, readonly Span[]>): Piece[] {
  const pieces: Piece[] = [];
  const walk = (span: Span, from: number, to: number, depth: number): void => {
    let moment = to;
    const children = (below.get(span.id) ?? []).toSorted((a, b) => b.end - a.end);
    // Spans of others' clocks may lie outside of their parent: they count as far as they lie within it.
    for (const child of depth > 200 ? [] : children) {
      const end = Math.min(child.end, moment);
      const start = Math.max(child.start, from);
      if (end <= start || end > moment) continue;
      if (moment > end) pieces.push({ span, time: moment - end });
      walk(child, start, end, depth + 1);
      moment = start;
    }
    if (moment > from) pieces.push({ span, time: moment - from });
  };
  walk(root, root.start, root.end, 0);
  return pieces;
}

const partOf = ({ service, name, asks }: Span, time: number): Part => ({ service, name, asks, time });
const keyOf = ({ service, name, asks }: Pick<Span, "service" | "name" | "asks">): string =>
  JSON.stringify([service, name.replace(/\d+/g, "?"), asks]);

function summed(parts: readonly Part[]): Part[] {
  const sums = new Map<string, Part>();
  for (const part of parts) {
    const key = keyOf(part);
    sums.set(key, { ...part, time: (sums.get(key)?.time ?? 0) + part.time });
  }
  return [...sums.values()].sort((a, b) => b.time - a.time);
}

function repeatedIn(children: readonly Span[], parent: Span | undefined): Repeated[] {
  const groups = new Map<string, Span[]>();
  for (const one of children) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return [...groups.values()]
    .filter((all) => all.length >= LEAST_REPEATED && isInTurn(all))
    .flatMap((all) => {
      const [first] = all;
      if (first === undefined) return [];
      const { service, name, asks } = first;
      return {
        ...{ service, name, asks },
        below: parent === undefined ? "" : `${parent.service} ${parent.name}`,
        times: all.length,
        time: all.reduce((sum, { start, end }) => sum + end - start, 0),
        failed: all.filter(({ isError }) => isError).length,
      };
    });
}

/** One after another, but for a few: what runs at once is a batch in parallel, and no pattern of one by one. */
function isInTurn(all: readonly Span[]): boolean {
  const sorted = all.toSorted((a, b) => a.start - b.start);
  const overlapping = sorted.filter((one, at) => at > 0 && one.start < (sorted[at - 1]?.end ?? 0)).length;
  return overlapping <= all.length * 0.2;
}
