import type { KnownBlock } from "@slack/types";
import { count } from "../../core/format.ts";
import type { RemedyView, RunView, ThreadView } from "../../core/view.ts";
import { cut } from "../../lib/escape.ts";
import {
  bold,
  codeBlock,
  context,
  fallback,
  header,
  newline,
  type Piece,
  plain,
  prose,
  rich,
} from "../blocks.ts";
import type { WantedMessage } from "../wanted.ts";
import { drawButtons, isDecidable, sayDecision, sayNeeds } from "./approval.ts";
import type { DrawOptions } from "./options.ts";
import { drawQuestion, questionOf, sayQuestion } from "./question.ts";
import { cardWord, openAttempts, sayProgressOf, sayTimes } from "./remedy-state.ts";
import { RISK_WORDS } from "./words.ts";

const MOST_CHANGES = 12;
const CHANGE = 220;

/** A remedy has a card of its own once it has a frozen plan somebody may decide on. */
export const hasCard = (remedy: RemedyView): boolean =>
  remedy.plan !== undefined && remedy.status !== "planned" && remedy.status !== "advice";

/** What will be done, who may decide, and what became of it: always the same message, edited in place. */
export function drawCard(
  remedy: RemedyView,
  run: RunView,
  thread: Pick<ThreadView, "freeze" | "writes">,
  options: DrawOptions,
): WantedMessage {
  const words = `${cardWord(remedy)} ${remedy.title}`;
  const decidable = isDecidable(remedy, options.now);
  const frozen = decidable && thread.freeze !== undefined;
  return {
    slot: `run/${run.id}/remedy/${remedy.key}`,
    kind: "message",
    urgent: true,
    text: fallback(`${words} on ${run.system}`),
    blocks: [
      header(words),
      codeBlock(sayChanges(remedy).join("\n")),
      rich(...drawFacts(remedy, run)),
      ...drawTrouble(remedy),
      ...(frozen
        ? [
            rich(
              plain(
                "🧊 Writes are frozen: approved or not, nothing runs until somebody lifts it (/diag unfreeze).",
              ),
            ),
          ]
        : []),
      ...(decidable ? drawLimit(run, thread) : []),
      ...drawDecision(remedy, options, decidable),
    ],
  };
}

/** The changes of the frozen plan, as its previews said them. Exactly these were hashed and are approved. */
function sayChanges(remedy: RemedyView): string[] {
  const calls = remedy.plan?.calls ?? [];
  const all = calls.flatMap((call, i) => {
    const number = calls.length > 1 ? `${i + 1}. ` : "";
    const changes = call.changes.length === 0 ? [call.action] : call.changes;
    return changes.map((change) => cut(`${number}${call.on}: ${change.replace(/\s+/g, " ")}`, CHANGE));
  });
  const rest = all.length - MOST_CHANGES;
  return rest > 0
    ? [...all.slice(0, MOST_CHANGES), `… and ${count(rest, "more change")} (Preview shows all)`]
    : all;
}

function drawFacts(remedy: RemedyView, run: RunView): Piece[] {
  const why = run.findings.find((finding) => finding.remedies.includes(remedy.key));
  const progress = sayProgressOf(remedy, run);
  const undo =
    remedy.plan?.undo === "actions" ? "yes, the earlier state is recorded" : (remedy.plan?.undo ?? "unknown");
  return [
    ...(why === undefined ? [] : [bold("Why: "), plain(why.title, 300), newline]),
    bold("Risk: "),
    plain(RISK_WORDS[remedy.risk]),
    newline,
    bold("Undo: "),
    plain(undo, 200),
    newline,
    bold("Verified within: "),
    plain(remedy.plan?.verifyWithin ?? "not at all", 100),
    ...(remedy.plan?.appliedFor === undefined
      ? []
      : [newline, bold("In force for: "), plain(`${remedy.plan.appliedFor}, then taken back`, 100)]),
    ...(progress === undefined ? [] : [newline, bold("So far: "), plain(progress, 300)]),
  ];
}

/** Why it is void, failed or unknown, in the words that were recorded. */
function drawTrouble(remedy: RemedyView): KnownBlock[] {
  const blocks: KnownBlock[] = remedy.note === undefined ? [] : [rich(...prose(remedy.note, 600))];
  const difference = remedy.approval?.voidBecause ?? [];
  if (remedy.status === "void" && difference.length > 0) {
    const said = difference.slice(0, 15).map((line) => cut(line, CHANGE));
    blocks.push(rich(bold("What changed since it was approved")), codeBlock(said.join("\n")));
  }
  if (remedy.status === "unknown") {
    const said = openAttempts(remedy).slice(0, 6);
    const evidence = said.map((attempt) =>
      cut(`${attempt.step}: ${attempt.evidence ?? "no answer was recorded"}`, 300),
    );
    if (evidence.length > 0) blocks.push(rich(bold("What is known")), codeBlock(evidence.join("\n")));
  }
  return blocks;
}

/** Said only when it is about to stop somebody. */
function drawLimit(run: RunView, { writes }: Pick<ThreadView, "writes">): KnownBlock[] {
  const used = writes.find(({ system }) => system === run.system);
  if (used === undefined || used.lastHour < used.perHour * 0.8) return [];
  return [context(`⚠️ ${used.lastHour} of ${used.perHour} writes of this hour are used on this system`)];
}

function drawDecision(remedy: RemedyView, options: DrawOptions, decidable: boolean): KnownBlock[] {
  const said = [...sayDecision(remedy, options), ...sayTimes(remedy)];
  const question = questionOf(remedy, options.now);
  return [
    ...(decidable ? [context(...sayNeeds(remedy, options))] : []),
    ...(said.length > 0 ? [context(...said)] : []),
    ...(question === undefined ? [] : [context(...sayQuestion(remedy, question, options))]),
    ...(decidable ? drawButtons(remedy) : []),
    ...(question === undefined ? [] : drawQuestion(remedy, question)),
  ];
}
