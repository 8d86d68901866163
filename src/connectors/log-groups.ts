import { z } from "zod";
import { clip } from "../core/words/format.ts";
import { Exposure, exposures } from "./log-exposure.ts";
import { keyOf } from "./log-keys.ts";
import { LEVELS, type Level, type LogLine } from "./log-line.ts";

/** What of a log is asked for, the same of every kind of log. */
export const LogQuestion = z.object({
  /** The time looked at, back from now; the same time before it is what it is compared with. */
  minutes: z.int().min(1).max(720).default(60),
  /** A fixed text, without regard to case. */
  pattern: z.string().min(1).max(200).optional(),
  /** At least so grave, as the program says; lines that say nothing count as `info`. */
  level: z.enum(LEVELS).optional(),
  component: z.string().min(1).max(80).optional(),
  /** Only what took longer, by a field of the line. */
  longerMs: z.number().min(0).optional(),
  /** Fields of JSON lines, or key=value pairs, that must be so. */
  fields: z.record(z.string().max(60), z.string().max(200)).optional(),
  /** Kept apart by this instead of by what they say: `address`, `path`, or the name of a field. */
  by: z.string().min(1).max(60).optional(),
  /** Lines that show secrets or personal data, counted by kind, in place of groups. */
  exposed: z.literal(true).optional(),
});
export type LogQuestion = z.output<typeof LogQuestion>;

/** The question put to one container: whose name is that of the component asked for is one as a whole, whatever its lines call themselves. */
export function ofContainer(name: string, { component, ...question }: LogQuestion): LogQuestion {
  if (component === undefined || name.toLowerCase().includes(component.toLowerCase())) return question;
  return { ...question, component };
}

/** Lines that say the same but for numbers, ids and quoted words. */
const Group = z.object({
  template: z.string(),
  level: z.enum(LEVELS).nullable(),
  component: z.string(),
  /** Within the time looked at, and within the same time before it. */
  count: z.int(),
  before: z.int(),
  /** Unix seconds, of what was read. */
  firstSeen: z.number(),
  lastSeen: z.number(),
  example: z.string(),
  longestMs: z.number().nullable(),
  /** Half, and 95 of 100, took no longer, of those within the time looked at that say how long. */
  medianMs: z.number().nullable().default(null),
  p95Ms: z.number().nullable().default(null),
});
export type LogGroup = z.output<typeof Group>;

/** What came of a search. */
export const LogFound = z.object({
  /** Unix seconds. */
  from: z.number(),
  to: z.number(),
  /** Lines read within the time looked at, and of these what was asked for. */
  lines: z.int(),
  matched: z.int(),
  /** The oldest line that was read; null: none was. */
  oldest: z.number().nullable(),
  /** All of the time before was read as well: what is new is then known to be. */
  comparable: z.boolean(),
  /** Lines that begin like JSON and are none; lines without a time. */
  broken: z.int(),
  undated: z.int(),
  groups: z.array(Group),
  /** Kinds of lines beyond those listed. */
  moreGroups: z.int(),
  /** Lines asked for that have nothing to be kept apart by. */
  keyless: z.int().default(0),
  /** Lines within the time looked at that do not say how grave they are. */
  unlevelled: z.int().default(0),
  /** When the last line was written, of a log that was written to all through the time before and not since; null: none such. */
  silentSince: z.number().nullable().default(null),
  /** What the lines show that they should not, where that was asked for. */
  exposed: z.array(Exposure).optional(),
});
export type LogFound = z.output<typeof LogFound>;

const MOST_GROUPS = 40;
/** Parts of the time before, each of which has a line of a log that is written to all the time. */
const PARTS = 12;
const MOST_TEMPLATE = 300;

/** Most specific first; each in linear time. */
const MASKS: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "<uuid>"],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?/g, "<time>"],
  [/\b[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,63}/g, "<mail>"],
  [/\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d{1,5})?\b/g, "<ip>"],
  [/\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b/gi, "<ip>"],
  [/\b0x[0-9a-f]{1,16}\b/gi, "<hex>"],
  [/"[^"]{0,300}"|'[^'\n]{1,300}'(?![a-z])/g, "<text>"],
  [/\b(?=[a-f]{0,40}\d)[0-9a-f]{12,64}\b/gi, "<hex>"],
  [/\d+(?:\.\d+)?/g, "<n>"],
];

/** The line without what differs from one time to the next (trap log-raw-uniq): of a message of several lines the first. Pure. */
export function templateOf(message: string): string {
  const [first = ""] = message.slice(0, 1_000).split("\n");
  return clip(
    MASKS.reduce((said, [what, mask]) => said.replace(what, mask), first)
      .replace(/\s{1,100}/g, " ")
      .trim(),
    MOST_TEMPLATE,
  );
}

const graver = (a: Level | null, b: Level | null): Level | null =>
  a === null || (b !== null && rank(b) > rank(a)) ? b : a;

const rank = (level: Level | null): number => LEVELS.indexOf(level ?? "info");

/** Whether a line is asked for. Levels are those the program gives, not words of the message: "0 errors" is none (trap log-grep-words). */
export function isAsked(
  line: LogLine,
  { pattern, level, component, longerMs, fields = {} }: LogQuestion,
): boolean {
  if (level !== undefined && rank(line.level) < rank(level)) return false;
  if (
    component !== undefined &&
    !line.component.toLowerCase().includes(component.toLowerCase()) &&
    !line.message.includes(component)
  )
    return false;
  if (longerMs !== undefined && (line.tookMs === null || line.tookMs <= longerMs)) return false;
  if (Object.entries(fields).some(([name, value]) => line.fields[name.toLowerCase()] !== value)) return false;
  if (pattern === undefined) return true;
  const wanted = pattern.toLowerCase();
  return (
    line.message.toLowerCase().includes(wanted) ||
    Object.values(line.fields).some((one) => one.toLowerCase().includes(wanted))
  );
}

/**
 * Groups what is asked for by what it says. `now`: unix seconds of the machine that wrote it; `isWhole`: all lines of twice the time
 * were read. A line without a time is as old as the one before it, else it counts as written now. Pure.
 */
export function groupLines(
  lines: readonly LogLine[],
  question: LogQuestion,
  now: number,
  isWhole: boolean,
): LogFound {
  const from = now - question.minutes * 60;
  const begin = from - question.minutes * 60;
  const groups = new Map<string, Gathered>();
  const all = dated(lines, now).filter(({ at }) => at >= begin);
  const recent = all.filter(({ at }) => at >= from);
  let keyless = 0;
  for (const { line, at } of all) {
    if (!isAsked(line, question)) continue;
    const key = question.by === undefined ? undefined : keyOf(line, question.by);
    if (question.by === undefined || key !== undefined) add(groups, { line, key }, at, at >= from);
    else if (at >= from) keyless += 1;
  }
  const counts = {
    lines: recent.length,
    matched: recent.filter(({ line }) => isAsked(line, question)).length,
    broken: recent.filter(({ line }) => line.isBroken).length,
    undated: all.filter(({ isKnown }) => !isKnown).length,
    unlevelled: recent.filter(({ line }) => line.level === null).length,
  };
  const oldest = all.length === 0 ? null : all.reduce((least, { at }) => Math.min(least, at), now);
  const byGravity = (a: LogGroup, b: LogGroup): number =>
    question.by === undefined ? rank(b.level) - rank(a.level) : 0;
  const found = [...groups.values()]
    .map(withPercentiles)
    .filter(({ count }) => count > 0)
    .sort((a, b) => byGravity(a, b) || b.count - a.count);
  return {
    ...{ from, to: now, oldest, ...counts, keyless },
    comparable: isWhole && counts.undated === 0,
    silentSince:
      recent.length > 0
        ? null
        : silentSince(
            all.map(({ at }) => at),
            begin,
            from,
          ),
    ...told(found, question, recent),
  };
}

/** The first groups; or what the lines show that they should not, whose examples are not to be shown. */
const told = (found: LogGroup[], { exposed }: LogQuestion, recent: Parameters<typeof exposures>[0]) =>
  exposed
    ? { groups: [], moreGroups: 0, exposed: exposures(recent) }
    : { groups: found.slice(0, MOST_GROUPS), moreGroups: Math.max(0, found.length - MOST_GROUPS) };

/** The last of times that lie in every part between the two, and in none after. */
function silentSince(times: readonly number[], begin: number, from: number): number | null {
  const parts = new Set(times.map((at) => Math.floor(((at - begin) / (from - begin)) * PARTS)));
  return parts.size < PARTS ? null : Math.max(...times);
}

/** Each line with when it was written: its own time, else that of the line before it, else now. */
function dated(lines: readonly LogLine[], now: number) {
  let last: number | null = null;
  return lines.map((line) => {
    last = line.at ?? last;
    return { line, at: last ?? now, isKnown: last !== null };
  });
}

/** A group with how long each of its lines within the time looked at took. */
type Gathered = Omit<LogGroup, "medianMs" | "p95Ms"> & { readonly tookMs: number[] };

/** `key`: what keeps the line apart, where that is not what it says. */
function add(
  groups: Map<string, Gathered>,
  { line, key: apart }: { readonly line: LogLine; readonly key: string | undefined },
  at: number,
  isNow: boolean,
): void {
  const { level, component, message, tookMs } = line;
  const template = apart ?? templateOf(message);
  const key = apart ?? `${level ?? ""}\n${component}\n${template}`;
  const known = groups.get(key) ?? {
    ...EMPTY,
    template,
    level,
    component,
    firstSeen: at,
    lastSeen: at,
    tookMs: [],
  };
  if (isNow && tookMs !== null) known.tookMs.push(tookMs);
  groups.set(key, {
    ...known,
    level: graver(known.level, level),
    count: known.count + (isNow ? 1 : 0),
    before: known.before + (isNow ? 0 : 1),
    firstSeen: Math.min(known.firstSeen, at),
    lastSeen: Math.max(known.lastSeen, at),
    example: isNow || known.example === "" ? clip(message, 300) : known.example,
    longestMs: tookMs === null ? known.longestMs : Math.max(known.longestMs ?? tookMs, tookMs),
  });
}

const EMPTY = { count: 0, before: 0, example: "", longestMs: null } as const;

function withPercentiles({ tookMs, ...group }: Gathered): LogGroup {
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? null;
  return { ...group, medianMs: at(0.5), p95Ms: at(0.95) };
}
