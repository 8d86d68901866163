import { saySeconds } from "../../src/sdk/index.ts";

/** `2 min ago`, `3 days ago`, or `before` where the engine does not know. */
export function ago(at: string, now: Date, word = " ago"): string {
  const seconds = (now.getTime() - Date.parse(at)) / 1000;
  if (Number.isNaN(seconds) || Date.parse(at) <= 0) return "before";
  if (seconds < 1) return "just now";
  if (seconds < 7200) return `${saySeconds(seconds)}${word}`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} hours${word}`;
  return `${Math.round(seconds / 86_400)} days${word}`;
}

/** Seconds since then; 0 where the engine does not know. */
export const secondsSince = (at: string, now: Date): number =>
  Date.parse(at) > 0 ? Math.max(0, (now.getTime() - Date.parse(at)) / 1000) : 0;

/** `96 MiB`. */
export const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`;
