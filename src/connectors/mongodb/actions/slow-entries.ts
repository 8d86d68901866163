import type { Document } from "mongodb";
import { clip } from "../../../core/words/format.ts";
import { flagAt, momentAt, numberAt, partAt, textAt } from "../values.ts";
import { type Shape, sayShape, shapeOf } from "./shape.ts";

/** One slow operation as the log or the profiler wrote it down. */
export interface SlowEntry {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly namespace: string;
  readonly application: string;
  readonly ms: number;
  readonly examined: number | null;
  readonly keys: number | null;
  readonly returned: number | null;
  readonly plan: string;
  readonly sortsInMemory: boolean;
  readonly shape: Shape;
  /** As it was sent, to be explained; undefined: it was cut, or is none that can be. Never kept. */
  readonly command: Readonly<Record<string, unknown>> | undefined;
  /** Its values are written as extended JSON: it is a line of the log. */
  readonly isText: boolean;
}

/** What it gave back, or, of a write, what it met: an update that changes nothing has met its documents all the same. */
const hitsOf = (one: unknown): number | null =>
  numberAt(one, "nreturned") ??
  numberAt(one, "nMatched") ??
  numberAt(one, "nModified") ??
  numberAt(one, "ndeleted");

/** A document of system.profile. mongodb.com/docs/manual/reference/database-profiler. */
export function fromProfile(one: Document): SlowEntry | undefined {
  const command = partAt(one, "originatingCommand") ?? partAt(one, "command");
  const at = momentAt(one, "ts");
  if (command === undefined || at === null) return undefined;
  const namespace = textAt(one, "ns") ?? "";
  const returned = hitsOf(one);
  return entryOf(one, command, { namespace, at: Date.parse(at), ms: numberAt(one, "millis") ?? 0, returned });
}

/** A line `Slow query` (id 51803) of the log, JSON since 4.4. mongodb.com/docs/manual/reference/log-messages. */
export function fromLog(line: string): SlowEntry | undefined {
  if (!line.includes('"Slow query"') || line.length > 1_000_000) return undefined;
  const parsed = jsonOf(line);
  const said = partAt(parsed, "attr");
  const command = partAt(said, "originatingCommand") ?? partAt(said, "command");
  const at = Date.parse(textAt(parsed, "t", "$date") ?? "");
  if (said === undefined || command === undefined || Number.isNaN(at)) return undefined;
  const isCut = partAt(parsed, "truncated") !== undefined;
  const returned = hitsOf(said);
  const entry = entryOf(said, command, {
    namespace: textAt(said, "ns") ?? "",
    at,
    ms: numberAt(said, "durationMillis") ?? 0,
    returned,
  });
  return entry === undefined ? undefined : { ...entry, isText: true, command: isCut ? undefined : command };
}

/** When the oldest line of the log in memory was written. */
export function oldestOf(lines: readonly string[]): string | null {
  const at = Date.parse(textAt(jsonOf(lines[0] ?? ""), "t", "$date") ?? "");
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

interface Facts {
  readonly namespace: string;
  readonly at: number;
  readonly ms: number;
  readonly returned: number | null;
}

function entryOf(
  one: unknown,
  command: Readonly<Record<string, unknown>>,
  known: Facts,
): SlowEntry | undefined {
  const shape = shapeOf(command);
  if (shape === null || !known.namespace.includes(".")) return undefined;
  const plan = clip(textAt(one, "planSummary") ?? "", 200);
  return {
    ...known,
    namespace: clip(known.namespace, 255),
    key: JSON.stringify([known.namespace, sayShape(shape), plan.split(" ")[0]]),
    application: clip(textAt(one, "appName") ?? "", 128),
    examined: numberAt(one, "docsExamined"),
    keys: numberAt(one, "keysExamined"),
    plan,
    sortsInMemory: flagAt(one, "hasSortStage"),
    shape,
    command,
    isText: false,
  };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
