import { existsSync, readdirSync, readFileSync } from "node:fs";
import { parseRecording } from "../../src/testing/recording.ts";

/** Something a runbook has found in a recording, and what it said then. */
export interface ToldApart {
  readonly id: string;
  readonly severity: string;
  readonly title: string;
}

const RECORDINGS = new URL("../../test/recordings/", import.meta.url);

/** Kinds of findings in the recordings of a runbook, one example each, in the order of their ids. */
export function toldApart(runbook: string): readonly ToldApart[] {
  const folder = new URL(`${runbook}/`, RECORDINGS);
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .flatMap((name) => parseRecording(readFileSync(new URL(name, folder), "utf8")).conclusion.findings)
    .map(({ id, severity, title }) => ({ id: kindOf(id), severity, title }));
  const first = new Map(found.toReversed().map((one) => [one.id, one]));
  return [...first.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** `memory:api` and `memory:web` are one kind: what follows the colon is a name of others. */
const kindOf = (id: string): string => id.replace(/:.*$/s, "");
