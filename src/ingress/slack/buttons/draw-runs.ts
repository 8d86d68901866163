import type { KnownBlock } from "@slack/types";
import { stateOfRun } from "../../../core/rules/run-outcome.ts";
import type { RunView } from "../../../core/words/view.ts";
import { rich } from "../../../slack/text-blocks.ts";

const MOST_RUNS = 40;

/** The runs of a thread, newest first: what each found, what is left of it and what became of its remedies. */
export const drawRuns = (runs: readonly RunView[]): KnownBlock[] => [
  ...runs
    .toReversed()
    .slice(0, MOST_RUNS)
    .flatMap((run) => [
      rich(`Run #${run.id}: ${run.title}, ${stateOfRun(run)}`, { bold: true }),
      rich(linesOf(run).join("\n")),
    ]),
  ...(runs.length > MOST_RUNS ? [rich(`${runs.length - MOST_RUNS} more are not shown.`)] : []),
];

const linesOf = (run: RunView): string[] => [
  `${run.createdAt.toISOString().slice(0, 16).replace("T", " ")} UTC, ${run.system} ${run.runbook}${
    run.supersededBy === undefined ? "" : `; run #${run.supersededBy} has taken its place`
  }`,
  ...(run.findings.length === 0 ? ["nothing was found"] : []),
  ...run.findings
    .slice(0, 5)
    .map(
      ({ title, goneAt }) => `• ${title.slice(0, 200)}${goneAt === undefined ? "" : " (no longer there)"}`,
    ),
  ...run.remedies.slice(0, 8).map(({ title, status }) => `→ ${title.slice(0, 120)}: ${status}`),
];
