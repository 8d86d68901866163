import { count } from "../../core/format.ts";
import type { RemedyStatus } from "../../core/outcome.ts";
import type { AttemptView, RemedyView, RunView } from "../../core/view.ts";
import { mrkdwn } from "../../lib/escape.ts";
import { at } from "../text/dates.ts";
import { listed } from "./words.ts";

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
  if (remedy.status === "succeeded" && remedy.held !== undefined) return "⏱️ In force:";
  const words = CARD_WORDS[remedy.status];
  return words.endsWith("?") ? words : `${words}:`;
}

/** One plain sentence about what happened since the decision, or nothing. */
export function sayProgressOf(remedy: RemedyView, run: RunView): string | undefined {
  const applied = run.steps.filter((step) => step.remedy === remedy.key && step.phase === "apply");
  const done = applied.filter((step) => step.state === "succeeded").length;
  const calls = `${done} of ${count(Math.max(applied.length, remedy.plan?.calls.length ?? 0), "call")} made`;
  if (remedy.status === "applying" || remedy.status === "errored") return calls;
  if (remedy.status === "verifying") return `${calls}; waiting for the effect`;
  if (remedy.status === "failed")
    return `${calls}; ${sayVerification(remedy, run) ?? "the verification did not hold"}`;
  if (remedy.status === "succeeded")
    return `${calls}; ${sayVerification(remedy, run) ?? "the verification held"}`;
  return undefined;
}

/** What the verification looked at, newest readings. */
function sayVerification(remedy: RemedyView, run: RunView): string | undefined {
  const steps = run.steps.filter((step) => step.remedy === remedy.key && step.phase === "verify");
  if (steps.length === 0) return undefined;
  const verdict = remedy.status === "succeeded" ? "verification held" : "verification did not hold";
  return `${verdict} (${listed([...new Set(steps.map((step) => step.title))])})`;
}

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
    ...(remedy.endedAt === undefined ? [] : [`ended ${at(remedy.endedAt)}`]),
    ...(remedy.planSha256 === undefined ? [] : [`plan \`${mrkdwn(remedy.planSha256.slice(0, 8), 8)}\``]),
  ];
}
