import type { Tail } from "./tails.ts";

/** Combined and common log format, with whatever follows. */
const ACCESS = /\[(\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "[^"]{0,4000}" (\d{3}) /;
const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

interface Answer {
  /** Unix seconds. */
  readonly at: number;
  readonly status: string;
}

interface Answers {
  /** By status, since `from`. Null: no line could be read. */
  readonly counts: { total: number; byStatus: Record<string, number> } | null;
  /** Logs with lines of a form of their own, and those that are longer than what was read. */
  readonly strange: string[];
  readonly cut: string[];
}

/** Answers by status of the ends of access logs, since `from` (Unix seconds). Pure. */
export function answersOf(tails: readonly Tail[], from: number): Answers {
  const logs = tails.map(({ path, lines, isWhole }) => {
    const written = lines.filter((line) => line !== "");
    const read = written.flatMap((line) => answerOf(line) ?? []);
    return {
      path,
      isStrange: written.length > 0 && read.length === 0,
      isCut: !isWhole && (read[0]?.at ?? 0) > from,
      recent: read.filter(({ at }) => at >= from),
    };
  });
  const pathsOf = (wanted: typeof logs) => [...new Set(wanted.map(({ path }) => path))];
  const byStatus: Record<string, number> = {};
  const all = logs.flatMap(({ recent }) => recent);
  for (const { status } of all) byStatus[status] = (byStatus[status] ?? 0) + 1;
  const strange = pathsOf(logs.filter(({ isStrange }) => isStrange));
  return {
    counts: strange.length > 0 && all.length === 0 ? null : { total: all.length, byStatus },
    strange,
    cut: pathsOf(logs.filter(({ isCut }) => isCut)),
  };
}

function answerOf(line: string): Answer | undefined {
  if (line.startsWith("{")) return jsonAnswer(line);
  const [, time = "", status] = ACCESS.exec(line) ?? [];
  return status === undefined ? undefined : { at: timeOf(time), status };
}

const STATUS = ["status", "status_code", "response_code", "http_status", "response_status"];
const TIME = ["time", "time_iso8601", "time_local", "timestamp", "@timestamp", "msec", "ts", "date"];

function jsonAnswer(line: string): Answer | undefined {
  try {
    const fields = Object.entries(JSON.parse(line) as Record<string, unknown>);
    const under = (names: readonly string[]) =>
      fields.find(([name]) => names.includes(name.toLowerCase()))?.[1];
    const status = String(under(STATUS) ?? "");
    const time = under(TIME);
    return /^\d{3}$/.test(status) && time !== undefined ? { at: timeOf(String(time)), status } : undefined;
  } catch {
    return undefined;
  }
}

/** `30/Nov/2026:16:20:39 +0100`, ISO 8601, seconds or milliseconds; NaN: none of these. */
function timeOf(text: string): number {
  if (/^\d{9,11}(?:\.\d{1,9})?$/.test(text)) return Number(text);
  if (/^\d{12,14}$/.test(text)) return Number(text) / 1000;
  const [, day, month = "", year, clock, zone = ""] =
    /^(\d\d)\/(\w{3})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})$/.exec(text) ?? [];
  if (day === undefined) return Date.parse(text) / 1000;
  const number = String(MONTHS.indexOf(month) / 3 + 1).padStart(2, "0");
  return Date.parse(`${year}-${number}-${day}T${clock}${zone.slice(0, 3)}:${zone.slice(3)}`) / 1000;
}
