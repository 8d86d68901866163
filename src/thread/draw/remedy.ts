import type { KnownBlock } from "@slack/types";
import { isWithdrawn } from "../../core/rules/found.ts";
import { unfreezeWords } from "../../core/rules/freeze.ts";
import { cardSlot } from "../../core/rules/slots.ts";
import { isRemedyOpen } from "../../core/words/outcome.ts";
import type { FreezeView, RemedyView, RunView, ThreadView } from "../../core/words/view.ts";
import { cut } from "../../lib/cut.ts";
import {
  bold,
  codeBlock,
  context,
  fallback,
  header,
  inlineCode,
  newline,
  type Piece,
  plain,
  prose,
  rich,
} from "../../slack/blocks.ts";
import { on } from "../text/dates.ts";
import type { WantedMessage } from "../wanted.ts";
import { drawButtons, isDecidable, sayAuto, sayDecision, sayNeeds } from "./approval.ts";
import { placeOf, sayChanges } from "./changes.ts";
import { helpedBefore } from "./next.ts";
import type { DrawOptions } from "./options.ts";
import { type PlanFile, planFileNameOf, planFileState } from "./plan-file.ts";
import { drawQuestion, questionOf, sayAnswers, sayQuestion } from "./question.ts";
import { cardWord, openAttempts, sayResult, sayTimes } from "./remedy-state.ts";
import { sayAskedFor } from "./same-act.ts";
import { RISK_WORDS, sayWritten } from "./words.ts";

/** A remedy has a card of its own once it has a frozen plan somebody may decide on. */
export const hasCard = (remedy: RemedyView): boolean =>
  remedy.plan !== undefined &&
  remedy.status !== "advice" &&
  // Planned again: its card stays while a new plan is made.
  (remedy.status !== "planned" || remedy.approval !== undefined);

/** What will be done, who may decide, and what became of it: always the same message, edited in place. */
export function drawCard(
  remedy: RemedyView,
  run: RunView,
  thread: Pick<ThreadView, "freeze" | "writes">,
  options: DrawOptions,
): WantedMessage {
  const words = `${isWithdrawn(remedy, run) ? "🚫 Withdrawn:" : cardWord(remedy)} ${remedy.title}`;
  const decidable = isDecidable(remedy, options.now);
  const stopped = decidable || STOPPED.includes(remedy.status) ? thread.freeze : undefined;
  const file = planFileState(remedy, run, options.shown ?? nothingShown);
  return {
    slot: cardSlot(run.id, remedy.key),
    card: { run: run.id, remedy: remedy.key },
    kind: "message",
    urgent: true,
    text: fallback(`${words} on ${run.system}`),
    blocks: [
      header(words),
      ...drawResult(remedy, run),
      codeBlock(sayChanges(remedy, planFileNameOf(remedy, run)).join("\n")),
      ...drawFacts(remedy, run),
      ...drawTrouble(remedy, run, options),
      ...(stopped === undefined ? [] : drawStopped(stopped)),
      ...(decidable ? [...drawRival(remedy, run), ...drawLimit(run, thread), ...drawUnseen(file, run)] : []),
      ...drawDecision(remedy, options, decidable, file),
    ],
  };
}

const nothingShown = () => undefined;

/** Nobody approves what cannot be seen whole. */
function drawUnseen(file: PlanFile, run: RunView): KnownBlock[] {
  if (file === "coming")
    return [rich(plain("📎 The file with all changes is on its way; Approve appears here when it is up."))];
  if (file !== "refused") return [];
  const words = `⚠️ Slack did not take the file with all changes, so this cannot be approved here. \`diagbot status ${run.id}\` shows all of them, \`diagbot approve\` takes the vote.`;
  return [rich(...prose(words))];
}

/** Approved or begun: its next write waits for the end of a freeze. */
const STOPPED: readonly RemedyView["status"][] = ["approved", "applying", "undoing"];

const drawStopped = (freeze: FreezeView): KnownBlock[] => [
  rich(
    plain(`${sayStopped(freeze)} by ${freeze.by}: approved or not, nothing is applied before `, 300),
    ...(freeze.until === undefined ? [inlineCode(unfreezeWords(freeze)), plain(".")] : [plain("that ends.")]),
  ),
  ...(freeze.until === undefined ? [] : [context(`frozen until ${on(freeze.until)}`)]),
];

const sayStopped = ({ system, quiet }: FreezeView): string =>
  quiet === true
    ? `🔧 ${system} is in maintenance`
    : `🧊 Remedies are frozen${system === undefined ? "" : ` on ${system}`}`;

/** What became of it, before everything else: who comes later reads this line only. */
function drawResult(remedy: RemedyView, run: RunView): KnownBlock[] {
  const said = sayResult(remedy, run);
  if (said === undefined) return [];
  return [rich(bold(isRemedyOpen({ status: remedy.status }) ? "Now: " : "Result: "), ...prose(said, 700))];
}

/** What somebody who decides must know; afterwards only why it was offered. */
function drawFacts(remedy: RemedyView, run: RunView): KnownBlock[] {
  const { plan } = remedy;
  const why = run.findings.find((finding) => finding.remedies.includes(remedy.key));
  const place = placeOf(remedy);
  const undo = sayUndo(remedy);
  const verify = plan === undefined ? "not at all" : `within ${sayWritten(plan.verifyWithin)}`;
  const facts: [string, string][] = [
    // With one finding the reason stands right above the card.
    ["Why", run.findings.length > 1 ? (why?.title ?? "") : ""],
    ["Where", place ?? ""],
    ["Also for", sayAskedFor(remedy)],
    ...(isAhead(remedy)
      ? ([
          ["Risk", RISK_WORDS[remedy.risk]],
          ["Undo", undo],
          ["Verify", verify],
          [
            "In force",
            plan?.appliedFor === undefined ? "" : `${sayWritten(plan.appliedFor)}, then taken back`,
          ],
        ] satisfies [string, string][])
      : isApplied(remedy)
        ? ([["Undo", isOver(remedy) ? "its time is over" : undo]] satisfies [string, string][])
        : []),
  ];
  const pieces = facts
    .filter(([, said]) => said !== "")
    .flatMap(([name, said], i): Piece[] => [
      ...(i === 0 ? [] : [newline]),
      bold(`${name}: `),
      plain(said, 300),
    ]);
  return pieces.length === 0 ? [] : [rich(...pieces)];
}

/** Whether it can be taken back, and what cannot. */
function sayUndo({ plan }: RemedyView): string {
  if (plan === undefined) return "unknown";
  if (plan.undo !== "actions") return plan.undo.replace(/^none: /, "none; ");
  const leaves = [...new Set(plan.calls.flatMap((call) => call.leaves ?? []))];
  return ["yes, the earlier state is recorded", ...leaves].join("; ");
}

/** It could be taken back by a click, and cannot any more. */
const isOver = ({ plan, held }: RemedyView): boolean => plan?.undo === "actions" && held === undefined;

/** It was done, and stands. */
const isApplied = ({ status }: RemedyView): boolean => status === "succeeded" || status === "failed";

/** Not applied to the end yet: risk and undo still matter to somebody. */
const isAhead = ({ status }: RemedyView): boolean =>
  isRemedyOpen({ status }) && status !== "unknown" && status !== "undoing";

/** What the recorded words have not said yet: the difference that made it void, what is known of a call nobody saw end. */
function drawTrouble(remedy: RemedyView, run: RunView, { again }: DrawOptions): KnownBlock[] {
  const told = remedy.note ?? "";
  const said = linesOfTrouble(remedy).filter(({ line }) => !told.includes(line));
  const title = remedy.status === "void" ? "What has changed" : "What is known";
  return [
    ...(said.length === 0
      ? []
      : [rich(bold(title)), codeBlock(said.map(({ step, line }) => cut(`${step}${line}`, 300)).join("\n"))]),
    ...(isStale(remedy) && !isWithdrawn(remedy, run) && helpedBefore(remedy, run) === undefined
      ? [
          rich(
            plain("To plan it anew: "),
            inlineCode(again?.(run) ?? `/diag ${run.system} ${run.runbook}`, 700),
          ),
        ]
      : []),
  ];
}

function linesOfTrouble(remedy: RemedyView): { step: string; line: string }[] {
  if (remedy.status === "void")
    return (remedy.approval?.voidBecause ?? []).slice(0, 15).map((line) => ({ step: "", line }));
  if (remedy.status !== "unknown") return [];
  return openAttempts(remedy)
    .slice(0, 6)
    .map(({ step, evidence }) => ({ step: `${step}: `, line: evidence ?? "no answer was recorded" }));
}

/** Nobody can decide on it any more, and nothing was done. */
const isStale = ({ status }: RemedyView): boolean => status === "void" || status === "expired";

/** What was offered beside a remedy that has helped is mostly not needed. */
function drawRival(remedy: RemedyView, run: RunView): KnownBlock[] {
  const helped = helpedBefore(remedy, run);
  return helped === undefined
    ? []
    : [
        rich(
          plain("✅ "),
          bold(helped.title, 150),
          plain(" has helped already: this may not be needed any more."),
        ),
      ];
}

/** The blast radius that is left; marked when it is about to stop somebody. */
function drawLimit(run: RunView, { writes }: Pick<ThreadView, "writes">): KnownBlock[] {
  const used = writes.find(({ system }) => system === run.system);
  if (used === undefined) return [];
  const mark = used.lastHour < used.perHour * 0.8 ? "" : "⚠️ ";
  return [context(`${mark}${used.lastHour} of ${used.perHour} writes of this hour are used on this system`)];
}

function drawDecision(
  remedy: RemedyView,
  options: DrawOptions,
  decidable: boolean,
  file: PlanFile,
): KnownBlock[] {
  const decided = sayDecision(remedy, options);
  const question = questionOf(remedy, options.now);
  const answered = question === undefined ? sayAnswers(remedy, options) : [];
  const auto = sayAuto(remedy);
  const past = [...decided, ...answered, ...(decidable ? [] : sayTimes(remedy))];
  return [
    ...(auto.length > 0 ? [context(...auto)] : []),
    ...(decidable ? [context(...sayNeeds(remedy, options), ...sayTimes(remedy))] : []),
    ...(past.length > 0 ? [context(...past)] : []),
    ...(question === undefined ? [] : [context(...sayQuestion(remedy, question, options))]),
    ...(decidable ? drawButtons(remedy, file === "none" || file === "up") : []),
    ...(question === undefined ? [] : drawQuestion(remedy, question)),
  ];
}
