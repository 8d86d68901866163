import { clip } from "../core/words/format.ts";
import { frontOf } from "./log-front.ts";

/** How grave a line is, as the program itself says; what it does not say is null, never guessed from words of its message. */
export const LEVELS = ["debug", "info", "warning", "error"] as const;
export type Level = (typeof LEVELS)[number];

/** One line of a log, whatever wrote it. */
export interface LogLine {
  /** Unix seconds; null where nothing says. */
  readonly at: number | null;
  readonly level: Level | null;
  readonly component: string;
  readonly message: string;
  /** Milliseconds that something took, where a field says so. */
  readonly tookMs: number | null;
  /** Fields of JSON lines and key=value pairs. */
  readonly fields: Readonly<Record<string, string>>;
  /** It begins like JSON and is none (trap jq-nonjson). */
  readonly isBroken: boolean;
}

const MOST_CHARACTERS = 2_000;
const MOST_FIELDS = 40;

const LEVEL_WORDS: Readonly<Record<string, Level>> = {
  ...{ trace: "debug", debug: "debug", verbose: "debug", dbg: "debug" },
  ...{ info: "info", information: "info", notice: "info", log: "info", inf: "info" },
  ...{ warn: "warning", warning: "warning", wrn: "warning" },
  ...{
    err: "error",
    error: "error",
    eror: "error",
    severe: "error",
    critical: "error",
    crit: "error",
    fatal: "error",
  },
  ...{ alert: "error", emerg: "error", emergency: "error", panic: "error", ftl: "error" },
};
const LEVEL_FIELDS = [
  "level",
  "severity",
  "lvl",
  "loglevel",
  "levelname",
  "log.level",
  "@level",
  "@l",
  "severitytext",
];
const MESSAGE_FIELDS = [
  "message",
  "msg",
  "event",
  "@message",
  "@m",
  "@mt",
  "short_message",
  "body",
  "text",
  "error",
];
const COMPONENT_FIELDS = ["component", "logger", "module", "logger_name", "name", "service"];
const TIME_FIELDS = ["time", "timestamp", "ts", "@timestamp", "datetime", "t", "@t", "t.$date"];
/** Milliseconds, and what a value in other units is multiplied by. */
const TOOK_FIELDS: Readonly<Record<string, number>> = {
  ...{
    duration_ms: 1,
    durationms: 1,
    elapsed_ms: 1,
    elapsedms: 1,
    took_ms: 1,
    latency_ms: 1,
    response_time_ms: 1,
  },
  ...{ responsetime: 1, took: 1, duration_seconds: 1_000, elapsed_seconds: 1_000, request_time: 1_000 },
};

/**
 * Reads one line: JSON, key=value pairs, or text with a time and a level in front. `at`: when it was written, where the log keeps
 * that itself; `offset`: of the clock of its machine, for times without a zone, in seconds. Pure, in linear time.
 */
export function readLine(text: string, at: number | null = null, offset = 0): LogLine {
  const line = withoutColours(text.slice(0, MOST_CHARACTERS)).trim();
  const object = line.startsWith("{") ? objectOf(line) : undefined;
  const inner = wrapped(line, object);
  if (inner !== undefined) return readLine(inner.text, at ?? timeOf(inner.time, 0), offset);
  const fields = object ?? pairsOf(line);
  const said = (names: readonly string[]) =>
    names.map((name) => fields[name]).find((value) => value !== undefined && value !== "");
  const front = object === undefined ? frontOf(line, isLevelWord) : NO_FRONT;
  return {
    at: at ?? timeOf(said(TIME_FIELDS) ?? "", offset) ?? timeOf(front.time, offset),
    level: levelOf(said(LEVEL_FIELDS) ?? "") ?? ownLevelOf(fields) ?? levelOf(front.level),
    component: clip(said(COMPONENT_FIELDS) ?? front.component, 80),
    message:
      (object === undefined ? undefined : said(MESSAGE_FIELDS)) ?? (object === undefined ? front.rest : line),
    tookMs: tookOf(fields),
    fields,
    isBroken: line.startsWith("{") && object === undefined,
  };
}

const NO_FRONT = { time: "", level: "", component: "", rest: "" };
const isLevelWord = (word: string): boolean => word.toLowerCase() in LEVEL_WORDS;

/** What terminals colour by, also where it stands in a JSON text. */
const withoutColours = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
  text.replace(/(?:\u001b|\\u001b)\[[0-9;]{0,20}m/g, "");

/** A line of a program inside a line of the engine's own files: Docker's json-file, and CRI's. */
function wrapped(
  line: string,
  object: Readonly<Record<string, string>> | undefined,
): { text: string; time: string } | undefined {
  if (object !== undefined) {
    const { log, stream, time = "" } = object;
    return log !== undefined && (stream === "stdout" || stream === "stderr")
      ? { text: log, time }
      : undefined;
  }
  const [, time = "", text] =
    /^(\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d)) (?:stdout|stderr) [FP] (.*)$/s.exec(line) ?? [];
  return text === undefined ? undefined : { text, time };
}

const MONGO: Readonly<Record<string, Level>> = {
  F: "error",
  E: "error",
  W: "warning",
  I: "info",
  D: "debug",
};
const SYSLOG: readonly Level[] = ["error", "error", "error", "error", "warning", "info", "info", "debug"];

/** Levels that are one by the format only: MongoDB's letter, GELF's number of syslog. */
function ownLevelOf(fields: Readonly<Record<string, string>>): Level | null {
  const { s = "", c, short_message: gelf, level = "" } = fields;
  if (c !== undefined && /^(?:[FEWI]|D[1-5]?)$/.test(s)) return MONGO[s.slice(0, 1)] ?? null;
  return gelf !== undefined && /^[0-7]$/.test(level) ? (SYSLOG[Number(level)] ?? null) : null;
}

/** Fields of a JSON object by lower-case name, one level of nesting joined by a dot; undefined: it is none. */
function objectOf(line: string): Record<string, string> | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof json !== "object" || json === null) return undefined;
  const flat = Object.entries(json).flatMap(([name, value]): [string, unknown][] =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value).map(([inner, one]) => [`${name}.${inner}`, one])
      : [[name, value]],
  );
  const plain = flat.filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  return Object.fromEntries(
    plain.slice(0, MOST_FIELDS).map(([name, value]) => [name.toLowerCase(), clip(String(value), 500)]),
  );
}

/** `level=error duration_ms=12 msg="a b"`: pairs between spaces; a quoted value may hold some. */
function pairsOf(line: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = "", quoted, bare] of line.matchAll(
    /(?<![\w.@-])([\w.@-]{1,60})=(?:"([^"]{0,500})"|([^\s"]{1,500}))/g,
  )) {
    if (Object.keys(found).length >= MOST_FIELDS) break;
    found[name.toLowerCase()] = quoted ?? bare ?? "";
  }
  return found;
}

/** By word, or by the numbers of Bunyan and Pino (10 to 60). */
function levelOf(word: string): Level | null {
  if (/^\d{2}$/.test(word))
    return Number(word) >= 50
      ? "error"
      : Number(word) >= 40
        ? "warning"
        : Number(word) >= 30
          ? "info"
          : "debug";
  return LEVEL_WORDS[word.toLowerCase()] ?? null;
}

/** Unix seconds of a time with or without a zone, or of a number of seconds or milliseconds. */
function timeOf(word: string, offset: number): number | null {
  if (/^\d{10}(\.\d{1,9})?$/.test(word)) return Number(word);
  if (word.startsWith("-")) return thisYears(word, offset);
  if (/^\d{13}$/.test(word)) return Number(word) / 1000;
  const [, day, clock, zone] =
    /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:[.,]\d{1,9})?) ?(Z|[+-]\d\d:?\d\d)?$/.exec(word) ?? [];
  if (day === undefined || clock === undefined) return null;
  const at = Date.parse(
    `${day}T${clock.replace(",", ".").slice(0, 12)}${zone === undefined ? "Z" : zone.replace(/^([+-]\d\d)(\d\d)$/, "$1:$2")}`,
  );
  return Number.isNaN(at) ? null : at / 1000 - (zone === undefined ? offset : 0);
}

/** A time that leaves out its year is of the last twelve months. */
function thisYears(word: string, offset: number): number | null {
  const now = Date.now() / 1000;
  const year = new Date(now * 1000).getUTCFullYear();
  const at = [year + 1, year, year - 1].map((one) => timeOf(`${one}${word.slice(1)}`, offset));
  return at.find((one) => one !== null && one <= now + 86_400) ?? null;
}

function tookOf(fields: Readonly<Record<string, string>>): number | null {
  for (const [name, factor] of Object.entries(TOOK_FIELDS)) {
    const value = fields[name];
    if (value !== undefined && /^\d{1,12}(\.\d{1,9})?$/.test(value)) return Number(value) * factor;
  }
  return null;
}
