import { z } from "zod";
import { clip } from "../../core/words/format.ts";

/** Bytes kept of one message. */
const MOST_CHARACTERS = 500;

const Field = z.union([z.string(), z.array(z.unknown()), z.null()]).optional();
const Raw = z.object({
  MESSAGE: Field,
  PRIORITY: Field,
  SYSLOG_IDENTIFIER: Field,
  UNIT: Field,
  _SYSTEMD_UNIT: Field,
  _SYSTEMD_INVOCATION_ID: Field,
  INVOCATION_ID: Field,
  MESSAGE_ID: Field,
  JOB_TYPE: Field,
  JOB_RESULT: Field,
  EXECUTABLE: Field,
  __REALTIME_TIMESTAMP: z.string(),
});

/** Fields asked for by name (`--output-fields`). */
export const FIELDS = Object.keys(Raw.shape)
  .filter((name) => !name.startsWith("__"))
  .join(",");

/** One entry of the journal. */
export interface Entry {
  /** Unix seconds. */
  readonly at: number;
  /** 0 emerg to 7 debug; null where the program said none. */
  readonly priority: number | null;
  readonly message: string;
  readonly identifier: string;
  /** Whose unit it is about: systemd's own words on a unit count as the unit's. */
  readonly unit: string;
  readonly invocation: string;
  readonly messageId: string;
  readonly jobType: string;
  readonly jobResult: string;
  /** Said by systemd itself (PID 1, or the child that was to become the program). */
  readonly bySystemd: boolean;
}

/** Lines of `journalctl --output=json`, those that cannot be read counted (trap jq-nonjson). Pure. */
export function entriesOf(text: string): { entries: Entry[]; unread: number } {
  const entries: Entry[] = [];
  let unread = 0;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const made = entryOf(line);
    if (made === undefined) unread += 1;
    else entries.push(made);
  }
  return { entries, unread };
}

function entryOf(line: string): Entry | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  const raw = Raw.safeParse(json);
  if (!raw.success) return undefined;
  const { data } = raw;
  const about = wordOf(data.UNIT);
  const priority = wordOf(data.PRIORITY);
  return {
    at: Number(data.__REALTIME_TIMESTAMP) / 1e6,
    priority: /^[0-7]$/.test(priority) ? Number(priority) : null,
    message: clip(wordOf(data.MESSAGE), MOST_CHARACTERS),
    identifier: clip(wordOf(data.SYSLOG_IDENTIFIER), 60),
    unit: about === "" ? wordOf(data._SYSTEMD_UNIT) : about,
    invocation: wordOf(data.INVOCATION_ID) || wordOf(data._SYSTEMD_INVOCATION_ID),
    messageId: wordOf(data.MESSAGE_ID),
    jobType: wordOf(data.JOB_TYPE),
    jobResult: wordOf(data.JOB_RESULT),
    bySystemd: about !== "",
  };
}

/** A field as text: bytes that are no text come as a list of numbers, a field given twice as a list of words. */
function wordOf(field: z.output<typeof Field>): string {
  if (typeof field === "string") return field;
  if (!Array.isArray(field)) return "";
  if (typeof field[0] === "string") return field[0];
  return Buffer.from(field.filter((byte): byte is number => typeof byte === "number")).toString("utf8");
}

/** Catalogue ids of systemd's own messages (sd-messages.h). */
export const MESSAGES = {
  starting: "7d4958e842da4a758f6c1cdc7b36dcc5",
  started: "39f53479d3a045ac8e11786248231fbf",
  stopping: "de5b426a63be47a7b6ac3eaac82e2f6f",
  stopped: "9d1aaa27d60140bd96365438aad20286",
  startFailed: "be02cf6855d2428ba40df7e9d022f03d",
  restartScheduled: "5eb03494b6584870a536b337290809b3",
  spawnFailed: "641257651c1b4ec9a8624d7a40a9e1e7",
  outOfMemory: "fe6faa94e7774663a0da52717891d8ef",
  suppressed: "a596d6fe7bfa4994828e72309e95d61e",
} as const;

/** What kinds of news of systemd on a unit are told apart. */
export const NEWS = [
  "started",
  "stopping",
  "spawn-failed",
  "skipped",
  "out-of-memory",
  "gave-up",
  "",
] as const;
type News = (typeof NEWS)[number];

const BY_ID: Readonly<Record<string, News>> = {
  [MESSAGES.started]: "started",
  [MESSAGES.stopping]: "stopping",
  [MESSAGES.spawnFailed]: "spawn-failed",
  [MESSAGES.outOfMemory]: "out-of-memory",
};

/**
 * By the catalogue's id, and by the words where it has none of its own: a start that a condition kept from happening bears the id
 * of one that happened (v250 to v252 at least), and giving up has none. Empty: something else, or the program's own line. Pure.
 */
export function newsOf({ bySystemd, message, messageId }: Entry): News {
  if (!bySystemd) return "";
  if (/was skipped because of|being skipped\.|was skipped, /.test(message)) return "skipped";
  if (message.includes("Start request repeated too quickly")) return "gave-up";
  return BY_ID[messageId] ?? "";
}
