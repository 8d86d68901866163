import { z } from "zod";

/** `30s`, `5m`, `2h`. */
export type Duration = `${number}${"s" | "m" | "h"}`;

const DURATION =
  /^(?:(\d{1,3}(?:\.\d+)?)y)?(?:(\d{1,6}(?:\.\d+)?)d)?(?:(\d{1,6}(?:\.\d+)?)h)?(?:(\d{1,6}(?:\.\d+)?)m)?(?:(\d{1,6}(?:\.\d+)?)s)?$/;
const PARTS_MS = [365 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000];

/** `30s`, `15m`, `2h`, `1h30m`, `1d`, `2y` (of 365 days) as milliseconds, the larger unit first; undefined where it is not a duration. */
export function parseDuration(words: string): number | undefined {
  const trimmed = words.trim();
  const parts = trimmed === "" ? null : DURATION.exec(trimmed);
  if (parts === null) return undefined;
  return Math.round(PARTS_MS.reduce((sum, ms, at) => sum + Number(parts[at + 1] ?? 0) * ms, 0));
}

/** A duration in configuration, in milliseconds once parsed. */
export const DurationMs = z.string().transform((words, context) => {
  const ms = parseDuration(words);
  if (ms !== undefined && ms > 0) return ms;
  context.addIssue({ code: "custom", message: "a duration such as 30s, 15m or 2h" });
  return z.NEVER;
});

/** For people: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`. */
export function sayDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
