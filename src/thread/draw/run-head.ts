import type { KnownBlock } from "@slack/types";
import { unfreezeWords } from "../../core/rules/freeze.ts";
import { HEAD_SLOT } from "../../core/rules/slots.ts";
import { sayDuration } from "../../core/words/duration.ts";
import { count } from "../../core/words/format.ts";
import { isEnded } from "../../core/words/outcome.ts";
import type { FreezeView, RunView, ThreadView } from "../../core/words/view.ts";
import { actions, type ButtonSpec, context, fallback, header, plain, rich } from "../../slack/blocks.ts";
import { mrkdwn } from "../../slack/escape.ts";
import { on } from "../text/dates.ts";
import type { WantedMessage } from "../wanted.ts";
import { drawLinks, linksOfRun } from "./links.ts";
import type { DrawOptions } from "./options.ts";
import { verdictOf } from "./verdict.ts";
import { sayCaller } from "./words.ts";

/** Root of a thread somebody asked for: the state of its first run, in two lines. */
export function drawRunHead(run: RunView, thread: ThreadView, options: DrawOptions): WantedMessage {
  const looked = thread.runs.map(({ runbook }) => runbook);
  const elsewhere = options.elsewhere?.(run, { firing: false, looked });
  const { headline, next } = verdictOf(run, thread.freeze, elsewhere);
  return {
    slot: HEAD_SLOT,
    kind: "message",
    urgent: false,
    live: !isEnded(run.status),
    text: fallback(`${headline} (${run.system})`),
    blocks: [
      header(headline),
      rich(...next),
      ...drawFreeze(thread.freeze),
      ...drawLinks(linksOfRun(run, options)),
      context(...factsOf(run)),
      ...(isEnded(run.status) && run.steps.length === 0 ? [] : [actions(...buttonsOf(run))]),
    ],
  };
}

const MOST_NAMED = 3;

/** ` on db2`: the connections a run looks at. Empty before the first check is known. */
export function lookedAt({ steps }: Pick<RunView, "steps">): string {
  const names = [...new Set(steps.flatMap(({ phase, on: name }) => (phase === "diagnose" ? name : [])))];
  const rest = names.length - MOST_NAMED;
  if (names.length === 0) return "";
  return ` on ${names.slice(0, MOST_NAMED).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/** `run #42 pg-locks on db2`, and how much it found where that is more than the head says. mrkdwn. */
export const nameRun = (run: RunView): string[] => [
  `run #${run.id} ${mrkdwn(`${run.runbook}${lookedAt(run)}`, 120)}${run.dryRun ? " (dry run)" : ""}`,
  ...(run.findings.length > 1 ? [count(run.findings.length, "finding")] : []),
];

const factsOf = (run: RunView): string[] => [
  `*${mrkdwn(run.system, 70)}*`,
  ...nameRun(run),
  sayCaller(run.caller),
  run.endedAt === undefined
    ? `since ${on(run.createdAt)}`
    : `${on(run.createdAt)}, took ${sayDuration(run.endedAt.getTime() - run.createdAt.getTime())}`,
];

/** Cancel while there is something to cancel; details once there is something to see. */
export const buttonsOf = (run: RunView): ButtonSpec[] => [
  ...(isEnded(run.status) || run.cancelRequestedBy !== undefined ? [] : [cancelButton(run)]),
  { action: "run:details", label: "Details", value: String(run.id) },
];

const cancelButton = (run: RunView): ButtonSpec => ({
  action: "run:cancel",
  label: "Cancel run",
  value: String(run.id),
  confirm: {
    title: "Cancel this run?",
    text: "Checks stop. Nothing that was already changed is taken back.",
    yes: "Cancel run",
  },
});

/** The kill switch concerns everybody who reads here. */
export const drawFreeze = (freeze: FreezeView | undefined): KnownBlock[] =>
  freeze === undefined
    ? []
    : [
        rich(plain(`${sayFreeze(freeze)} by ${freeze.by}: ${freeze.reason}`, 300)),
        context(
          `since ${on(freeze.since)}`,
          freeze.until === undefined ? `until \`${unfreezeWords(freeze)}\`` : `until ${on(freeze.until)}`,
        ),
      ];

const sayFreeze = ({ system, quiet }: FreezeView): string =>
  quiet === true
    ? `🔧 ${system} is in maintenance,`
    : `🧊 Remedies are frozen${system === undefined ? "" : ` on ${system}`}`;
