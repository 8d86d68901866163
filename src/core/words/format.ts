/** `1.5 GiB`, `12 MiB`, `800 B`. */
export function sayBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${bytes < 0 ? "-" : ""}${value.toFixed(digits)} ${units[unit]}`;
}

/** A ratio as `97 %` (one decimal below 10 %, none for nothing). */
export const sayPercent = (ratio: number): string => {
  const percent = ratio * 100;
  return `${percent.toFixed(percent >= 0.05 && percent < 10 ? 1 : 0)} %`;
};

/** Seconds as `0.7 ms`, `38 ms`, `2.4 s`, `3 min`. */
export function saySeconds(seconds: number): string {
  if (seconds < 0.01) return `${(seconds * 1000).toFixed(1)} ms`;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 120) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** `1 session`, `3 sessions`. */
export const count = (n: number, singular: string, plural = `${singular}s`): string =>
  `${n} ${n === 1 ? singular : plural}`;

/** `a`, `a and b`, `a, b and 3 more`. */
export function listed(words: readonly string[], most = 3): string {
  const shown = words.slice(0, most);
  const more = words.length - shown.length;
  if (more > 0) return `${shown.join(", ")} and ${more} more`;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** How the largest part of a whole is called: `most` only where it is half of it or more. */
export const mostOf = (part: number, whole: number): "most" | "the largest part" =>
  part * 2 >= whole ? "most" : "the largest part";

/** At most `limit` characters, cut in the middle of nothing: an ellipsis marks the cut. */
export const clip = (words: string, limit: number): string => {
  const characters = [...words];
  return characters.length <= limit ? words : `${characters.slice(0, limit - 1).join("")}…`;
};

/** `17:46 UTC`, with the day where it is not within 20 hours: `30 Nov 17:46 UTC`. */
export function sayWhen(moment: Date, now: Date): string {
  const clock = `${moment.toISOString().slice(11, 16)} UTC`;
  if (Math.abs(moment.getTime() - now.getTime()) < 20 * 3_600_000) return clock;
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
  return `${day.format(moment)} ${clock}`;
}

export const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** How kinds are spoken: `an nginx`, `a host`. */
const SPOKEN_WITH_VOWEL = /^(?:[aeio]|http|nginx)/;

/** `a postgres and an alertmanager connection`: what a runbook needs, by the names of kinds. */
export const sayConnections = (kinds: readonly string[]): string =>
  `${kinds.map((kind) => `${SPOKEN_WITH_VOWEL.test(kind) ? "an" : "a"} ${kind}`).join(" and ")} connection`;
