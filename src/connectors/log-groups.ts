import { z } from "zod";
import { clip } from "../core/words/format.ts";
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
});
export type LogQuestion = z.output<typeof LogQuestion>;

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
});
export type LogFound = z.output<typeof LogFound>;

const MOST_GROUPS = 40;
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
  const groups = new Map<string, LogGroup>();
  const all = dated(lines, now).filter(({ at }) => at >= begin);
  const recent = all.filter(({ at }) => at >= from);
  for (const { line, at } of all) if (isAsked(line, question)) add(groups, line, at, at >= from);
  const counts = {
    lines: recent.length,
    matched: recent.filter(({ line }) => isAsked(line, question)).length,
    broken: recent.filter(({ line }) => line.isBroken).length,
    undated: all.filter(({ isKnown }) => !isKnown).length,
  };
  const oldest = all.length === 0 ? null : all.reduce((least, { at }) => Math.min(least, at), now);
  const found = [...groups.values()]
    .filter(({ count }) => count > 0)
    .sort((a, b) => rank(b.level) - rank(a.level) || b.count - a.count);
  return {
    ...{ from, to: now, oldest, ...counts },
    comparable: isWhole && counts.undated === 0,
    groups: found.slice(0, MOST_GROUPS),
    moreGroups: Math.max(0, found.length - MOST_GROUPS),
  };
}

/** Each line with when it was written: its own time, else that of the line before it, else now. */
function dated(lines: readonly LogLine[], now: number) {
  let last: number | null = null;
  return lines.map((line) => {
    last = line.at ?? last;
    return { line, at: last ?? now, isKnown: last !== null };
  });
}

function add(groups: Map<string, LogGroup>, line: LogLine, at: number, isNow: boolean): void {
  const template = templateOf(line.message);
  const key = `${line.level ?? ""}\n${line.component}\n${template}`;
  const known = groups.get(key);
  const longest = Math.max(known?.longestMs ?? -1, line.tookMs ?? -1);
  groups.set(key, {
    ...{ template, level: line.level, component: line.component },
    count: (known?.count ?? 0) + (isNow ? 1 : 0),
    before: (known?.before ?? 0) + (isNow ? 0 : 1),
    firstSeen: Math.min(known?.firstSeen ?? at, at),
    lastSeen: Math.max(known?.lastSeen ?? at, at),
    example: isNow || known === undefined ? clip(line.message, 300) : known.example,
    longestMs: longest < 0 ? null : longest,
  });
}
