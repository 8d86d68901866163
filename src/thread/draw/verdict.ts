import { foundNow, problemsOf, unseenOf } from "../../core/rules/found.ts";
import { isFixedBy } from "../../core/rules/run-outcome.ts";
import { isEnded } from "../../core/words/outcome.ts";
import { type FreezeView, type RunView, unansweredSteps } from "../../core/words/view.ts";
import type { Piece } from "../../slack/blocks.ts";
import { nextOf } from "./next.ts";
import { SEVERITY_ICON } from "./words.ts";

/** A run in two lines: what is wrong, and what to do next. */
export interface Verdict {
  readonly headline: string;
  readonly next: readonly Piece[];
}

export const verdictOf = (run: RunView, freeze?: FreezeView, elsewhere: readonly string[] = []): Verdict => ({
  headline: headlineOf(run),
  next: nextOf(run, freeze, elsewhere),
});

function headlineOf(run: RunView): string {
  const top = foundNow(run)[0];
  if (top !== undefined)
    return `${isFixedBy(run, top.remedies) ? "✅ Fixed: " : `${SEVERITY_ICON[top.severity]} `}${top.title.slice(0, 200)}`;
  const gone = problemsOf(run)[0];
  if (gone !== undefined)
    return `${isFixedBy(run, gone.remedies) ? "✅ Fixed:" : "✅ No longer there:"} ${gone.title.slice(0, 200)}`;
  if (run.status === "errored") return `⚠️ Could not be finished: ${run.title}`;
  if (run.status === "cancelled") return `⏹️ Cancelled: ${run.title}`;
  if (run.status === "queued") return `⏳ Queued: ${run.title}`;
  if (!run.diagnosed && !isEnded(run.status)) return `🔎 Checking: ${run.title}`;
  return unansweredSteps(run).length > 0 || unseenOf(run) !== undefined
    ? `⚠️ Nothing found, but not everything could be looked at: ${run.title}`
    : `✅ Nothing wrong: ${run.title}`;
}
