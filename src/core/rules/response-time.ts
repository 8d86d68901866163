import type { HealthLimits, HealthWord } from "../words/health.ts";

/** How a component does that answered its simplest question after so many milliseconds. */
export function judgeTime(ms: number, { slowSeconds }: HealthLimits): HealthWord {
  if (ms / 1000 <= slowSeconds) return sayMs(ms);
  return {
    word: `slow: ${sayMs(ms)}`,
    because: `The simplest question took ${sayMs(ms)}, the limit is ${sayMs(slowSeconds * 1000)}.`,
    severity: "warning",
    next: "It works but is overloaded or far away: look at its load and at the network between.",
  };
}

/** `3.2 ms`, `150 ms`. */
export const sayMs = (milliseconds: number): string =>
  `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
