import { saySeconds } from "../../src/sdk.ts";

/** Port number in the engine's refusal to publish it; undefined where it is about something else. */
export function portOf(error: string): number | undefined {
  if (!/already (allocated|in use)/i.test(error)) return undefined;
  const port = /(?:\d|\]|\*):(\d{1,5})\b/.exec(error)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** What an exit code says by convention (128 + n: signal n). */
export function exitWords(code: number): string {
  const known: Readonly<Record<number, string>> = {
    0: "it ended without an error",
    125: "the engine could not run it",
    126: "its program may not be executed",
    127: "its program was not found",
    134: "it aborted itself (SIGABRT)",
    137: "it was killed (SIGKILL): by the OOM killer, by docker kill, or because it did not stop in time",
    139: "it crashed with a segmentation fault",
    143: "it was asked to stop (SIGTERM)",
    255: "it, or the engine under it, ended abruptly",
  };
  return (
    known[code] ??
    (code > 128 && code < 160 ? `signal ${code - 128} ended it` : "its program reported an error")
  );
}

/** `2 min ago`, or `before` where the engine does not know. */
export function agoWords(at: string, now: Date): string {
  const seconds = (now.getTime() - Date.parse(at)) / 1000;
  if (Number.isNaN(seconds) || Date.parse(at) <= 0) return "before";
  return seconds < 1 ? "just now" : `${saySeconds(seconds)} ago`;
}

/** `96 MiB`. */
export const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`;
