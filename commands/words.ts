import { DiagError, IncidentId, parseDuration, RunId } from "../src/sdk/index.ts";

/** A run's number as people type it: `42` or `#42`. */
export function runIdOf(word: string): RunId {
  const digits = /^#?(\d{1,10})$/.exec(word)?.[1];
  const id = RunId.safeParse(digits);
  if (digits !== undefined && id.success) return id.data;
  throw new DiagError("usage", `expected the number of a run, got "${word}"`, {
    hint: "`/diag status` shows the newest runs and their numbers",
  });
}

/** An incident as people write it: `12` or `#12`. Undefined: it is none. */
export const incidentIn = (word: string): IncidentId | undefined =>
  IncidentId.safeParse(/^#?(\d{1,10})$/.exec(word)?.[1]).data;

/** `https://team.slack.com/archives/C0OPS/p1790000000000100`, as "Copy link" of Slack gives it. */
const LINK = /^<?https:\/\/[a-z0-9.-]+\/archives\/([A-Z0-9]+)\/p(\d{10})(\d{6})(?:[?|].*)?>?$/i;

/** An incident by its number, or by the link to a message of its thread. Undefined: neither. */
export function whichIncident(
  word: string,
): { incident: IncidentId } | { message: { channel: string; ts: string } } | undefined {
  const [, channel, seconds, rest] = LINK.exec(word) ?? [];
  if (channel !== undefined) return { message: { channel, ts: `${seconds}.${rest}` } };
  const incident = incidentIn(word);
  return incident === undefined ? undefined : { incident };
}

/** A freeze lasts no longer, in milliseconds. */
export const LONGEST_FREEZE_MS = 30 * 24 * 3_600_000;

/** `30 minutes`, `2hours`, `90 sec`: written out, with or without a space. */
const WRITTEN_OUT = /^(\d+(?:\.\d+)?) ?(d|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?)[,:]?$/i;

/** The time at the beginning and how many words it takes: `2h`, `1h30m`, `2 hours`, `1 hour 30 min`. */
export function leadingDuration(words: readonly string[]): [number | undefined, number] {
  let total: number | undefined;
  let taken = 0;
  for (;;) {
    const [one = "", two = ""] = words.slice(taken);
    const single = durationOf(one);
    const pair = single === undefined && /^\d/.test(one) ? durationOf(`${one} ${two}`) : undefined;
    const part = single ?? pair;
    if (part === undefined) return [total, taken];
    total = (total ?? 0) + part;
    taken += single === undefined ? 2 : 1;
  }
}

/** `90s`, `2 hours`: in milliseconds; undefined: it is none. */
export function durationOf(words: string): number | undefined {
  const short = parseDuration(words.toLowerCase().replace(/[,:]$/, ""));
  if (short !== undefined) return short;
  const [, figure, unit] = WRITTEN_OUT.exec(words) ?? [];
  return unit === undefined ? undefined : parseDuration(`${figure}${unit.charAt(0).toLowerCase()}`);
}
