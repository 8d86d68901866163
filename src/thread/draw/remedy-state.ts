import { count, listed } from "../../core/words/format.ts";
import type { RemedyStatus } from "../../core/words/outcome.ts";
import type { AttemptView, RemedyView, RunView } from "../../core/words/view.ts";
import { mrkdwn } from "../../slack/escape.ts";
import { at } from "../text/dates.ts";

/** Where a remedy stands. */
export const CARD_WORDS: Readonly<Record<RemedyStatus, string>> = {
  advice: "👤 For a person",
  planned: "📝 Preparing",
  waiting: "🟡 Approve?",
  approved: "🟢 Approved",
  applying: "🔧 Applying",
  verifying: "🔬 Verifying",
  undoing: "↩️ Taking back",
  succeeded: "✅ Done and verified",
  failed: "❌ Did not help",
  errored: "⚠️ Could not be carried out",
  unknown: "❓ May or may not have happened",
  denied: "⛔ Denied",
  expired: "⌛ Expired",
  void: "🚫 Void",
  cancelled: "⏹️ Cancelled",
  skipped: "⏭️ Skipped",
  undone: "↩️ Taken back",
};

/** First words of a card, up to the title. */
export function cardWord(remedy: RemedyView): string {
  if (remedy.status === "succeeded" && remedy.held?.ends === "undo") return "⏱️ In force:";
  const words = CARD_WORDS[remedy.status];
  return words.endsWith("?") ? words : `${words}:`;
}

/** What happens or happened, in one line: the recorded words, the checks behind them, how many calls were made. */
export function sayResult(remedy: RemedyView, run: RunView): string | undefined {
  const { status, note } = remedy;
  // Who denied it and why stands with the votes.
  if (status === "denied") return OWN_WORDS.denied;
  const checks = checksOf(remedy, run);
  const by = checks === "" ? "" : ` (checked: ${checks})`;
  const said = [note === undefined ? (OWN_WORDS[status] ?? "") : note.replace(/\.\s*$/, "")].filter(Boolean);
  if (status === "applying" || status === "errored") return [...said, callsMade(remedy, run)].join("; ");
  if (status === "verifying") return `${callsMade(remedy, run)}; waiting for the effect${by}`;
  if (status === "failed") return `${said.join("")}${by}; ${callsMade(remedy, run)}`;
  if (status === "succeeded") return `${said.join("")}${by}`;
  return said[0];
}

const OWN_WORDS: Readonly<Partial<Record<RemedyStatus, string>>> = {
  succeeded: "Verified",
  failed: "The verification did not hold",
  denied: "Nothing was done",
  expired: "Nobody decided in time; nothing was done",
};

function callsMade(remedy: RemedyView, run: RunView): string {
  const applied = run.steps.filter((step) => step.remedy === remedy.key && step.phase === "apply");
  const done = applied.filter((step) => step.state === "succeeded").length;
  return `${done} of ${count(Math.max(applied.length, remedy.plan?.calls.length ?? 0), "call")} made`;
}

/** What the verification looked at. */
const checksOf = (remedy: RemedyView, run: RunView): string =>
  listed([
    ...new Set(
      run.steps
        .filter((step) => step.remedy === remedy.key && step.phase === "verify")
        .map((step) => step.title.slice(0, 100)),
    ),
  ]);

/** What is known of calls nobody saw the end of: the human who decides reads this. */
export const openAttempts = (remedy: RemedyView): AttemptView[] =>
  remedy.attempts.filter((attempt) => attempt.outcome === undefined || attempt.outcome === "unknown");

/** When it was applied, must be verified, and ended. mrkdwn. */
export function sayTimes(remedy: RemedyView): string[] {
  return [
    ...(remedy.appliedAt === undefined ? [] : [`applied ${at(remedy.appliedAt)}`]),
    ...(remedy.status === "verifying" && remedy.verifyUntil !== undefined
      ? [`must hold by ${at(remedy.verifyUntil)}`]
      : []),
    ...(remedy.endedAt === undefined || remedy.status === "denied" || remedy.status === "expired"
      ? []
      : [`${remedy.status === "succeeded" ? "verified" : "ended"} ${at(remedy.endedAt)}`]),
    ...(remedy.planSha256 === undefined ? [] : [`plan \`${mrkdwn(remedy.planSha256.slice(0, 8), 8)}\``]),
  ];
}
