import { z } from "zod";
import { DurationMs } from "./duration.ts";

export const WEEKDAYS = [
  "sunday",
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
] as const;
const WEEK_MS = 7 * 86_400_000;

/** `2026-12-24`, a day that there is. */
export const isDate = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) &&
  !Number.isNaN(Date.parse(text)) &&
  new Date(text).toISOString().startsWith(text);

const isZone = (zone: string): boolean => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
};

const Day = z
  .string()
  .transform((day) => day.toLowerCase())
  .refine((day) => day === "daily" || WEEKDAYS.some((one) => one === day) || isDate(day), {
    error: "a day is daily, monday … sunday, or a date such as 2026-12-24",
  });

/** One entry of `maintenance:` of diagbot.yaml: systems that are in maintenance, or frozen, at times known beforehand. */
export const Planned = z.strictObject({
  systems: z.array(z.string().min(1)).min(1),
  /** Days on which it begins, in `zone`. */
  on: z.union([Day.transform((day) => [day]), z.array(Day).min(1).max(366)]),
  at: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a time of the day is 00:00 to 23:59"),
  /** Ms. What lasts longer than a week is nobody's window. */
  for: DurationMs.refine((ms) => ms >= 60_000 && ms <= WEEK_MS, { error: "from 1m to 7d" }),
  zone: z
    .string()
    .refine(isZone, { error: "a time zone is a name such as Europe/Berlin, or UTC" })
    .default("UTC"),
  reason: z.string().trim().min(1).max(300),
  /** Its alerts start no runs. False: remedies alone are stopped. */
  quiet: z.boolean().default(true),
});
export type Planned = z.infer<typeof Planned>;
