import type { z } from "zod";
import { Alert } from "../../core/words/alert.ts";
import { cut } from "../../lib/cut.ts";
import { storable } from "../../lib/storable.ts";

/** What was changed or left out, for people: `alerts.4.startsAt: …`. */
export type Note = (text: string) => void;

const VALUE_LIMIT = 8_192;
const MOST_LABELS = 200;
const EARLIEST = new Date("1970-01-01T00:00:00Z");
const LATEST = new Date("9998-12-31T00:00:00Z");

/**
 * One alert as it can be stored. What is out of range is brought into it with a note; undefined, with a note, for one
 * that cannot be understood: it must not cost the others.
 */
export function readAlert(raw: unknown, place: string, note: Note): Alert | undefined {
  const parsed = Alert.safeParse(withMoments(raw, place, note));
  if (!parsed.success) {
    note(complaintsOf(parsed.error, place));
    return undefined;
  }
  const { labels, annotations, ...rest } = parsed.data;
  return {
    ...rest,
    labels: bounded(labels, `${place}.labels`, note),
    // Long texts are usual here.
    annotations: bounded(annotations, `${place}.annotations`, note),
    generatorURL: shorten(rest.generatorURL),
    fingerprint: storable(rest.fingerprint.slice(0, 100)),
  };
}

/** `place is missing`, at most five: read by people who set up a sender, not by those who know our schema. */
export const complaintsOf = (error: z.ZodError, place: string): string =>
  error.issues
    .slice(0, 5)
    .map(({ path, message }) => sayIssue(cut([place, ...path].map(String).join("."), 200), message))
    .join("; ");

function sayIssue(place: string, message: string): string {
  if (/received undefined$/.test(message)) return `${place} is missing`;
  const [, wanted, got] = /expected (\w+), received (\w+)$/.exec(message) ?? [];
  if (wanted !== undefined) return `${place} is ${got}, where ${wanted} is due`;
  const [, options] = /^Invalid option: expected one of (.*)$/.exec(message) ?? [];
  if (options !== undefined) return `${place} is none of ${options.replaceAll("|", ", ")}`;
  return /^Too small: expected array/.test(message) ? `${place} is empty` : `${place}: ${message}`;
}

/** Alertmanager's moments, where they are ones: Postgres knows no year 0, and a reader none beyond 9999. */
function withMoments(raw: unknown, place: string, note: Note): unknown {
  if (typeof raw !== "object" || raw === null || !("startsAt" in raw)) return raw;
  const { startsAt } = raw;
  const moment = typeof startsAt === "string" ? momentOf(startsAt) : undefined;
  if (moment === undefined) return raw;
  const kept = moment < EARLIEST ? EARLIEST : moment > LATEST ? LATEST : moment;
  if (kept !== moment)
    note(`${place}.startsAt: ${String(startsAt).slice(0, 40)} is kept as ${kept.toISOString()}`);
  const endsAt = "endsAt" in raw && typeof raw.endsAt === "string" ? momentOf(raw.endsAt) : undefined;
  const isSensible = endsAt !== undefined && endsAt >= kept && endsAt <= LATEST;
  return { ...raw, startsAt: kept.toISOString(), endsAt: isSensible ? endsAt.toISOString() : "" };
}

/** RFC 3339, also with years that have more than four digits. Undefined: not a moment. */
function momentOf(text: string): Date | undefined {
  const [, sign = "", year = "", rest = ""] = /^([+-]?)(\d{4,9})(-\d\d-\d\dT.{5,40})$/.exec(text) ?? [];
  if (year === "") return undefined;
  const moment = new Date(`2000${rest}`);
  if (Number.isNaN(moment.getTime())) return undefined;
  if (sign === "-") return new Date(-8e15);
  const exact = new Date(year.length === 4 ? `${year}${rest}` : `+${year.padStart(6, "0")}${rest}`);
  return Number.isNaN(exact.getTime()) ? new Date(8e15) : exact;
}

/** Labels or annotations that can be stored and drawn. */
export function bounded(
  texts: Readonly<Record<string, string>>,
  place: string,
  note: Note,
): Record<string, string> {
  const all = Object.entries(texts);
  const kept =
    all.length > MOST_LABELS ? all.sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, MOST_LABELS) : all;
  if (all.length > MOST_LABELS) note(`${place}: ${all.length - MOST_LABELS} more left out`);
  return Object.fromEntries(
    kept.map(([name, value]) => [storable(name.slice(0, VALUE_LIMIT)), shorten(value)]),
  );
}

/** The ellipsis also tells the redactor that a secret may have been cut. */
export const shorten = (value: string): string =>
  storable(value.length > VALUE_LIMIT ? `${value.slice(0, VALUE_LIMIT - 1)}…` : value);
