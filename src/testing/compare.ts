import { changedLines } from "../lib/changed-lines.ts";
import { type Recording, sayYaml } from "./recording.ts";
import type { Replayed } from "./replay.ts";

/** How what is concluded now differs from what was recorded, as lines of a diff; empty: it does not. */
export function compared(recording: Recording, { conclusion, notAsked }: Replayed): string[] {
  return [
    ...changedLines(sayYaml(recording.conclusion), sayYaml(conclusion)),
    ...notAsked.map((name) => `- steps.${name}: the runbook does not ask for it any more`),
  ];
}

/** The recording with what is concluded now, and without what is not asked for any more. */
export const updated = (recording: Recording, { conclusion, notAsked }: Replayed): Recording => ({
  ...recording,
  steps: Object.fromEntries(Object.entries(recording.steps).filter(([name]) => !notAsked.includes(name))),
  conclusion,
});
