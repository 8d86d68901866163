import { isFixedBy } from "../../core/rules/run-outcome.ts";
import { isEnded } from "../../core/words/outcome.ts";
import { type FreezeView, type RunView, unansweredSteps } from "../../core/words/view.ts";
import type { Piece } from "../../slack/blocks.ts";
import { nextOf } from "./next.ts";
import { foundNow } from "./second-look.ts";
import { byGravity, SEVERITY_ICON } from "./words.ts";

/** A run in two lines: what is wrong, and what to do next. */
export interface Verdict {
  readonly headline: string;
  readonly next: readonly Piece[];
}

export const verdictOf = (run: RunView, freeze?: FreezeView): Verdict => ({
  headline: headlineOf(run),
  next: nextOf(run, freeze),
});

function headlineOf(run: RunView): string {
  const top = byGravity(foundNow(run))[0];
  if (top !== undefined)
    return `${isFixedBy(run, top.remedies) ? "✅ Fixed: " : `${SEVERITY_ICON[top.severity]} `}${top.title.slice(0, 200)}`;
  const gone = byGravity(run.findings)[0];
  if (gone !== undefined)
    return `${isFixedBy(run, gone.remedies) ? "✅ Fixed:" : "✅ No longer there:"} ${gone.title.slice(0, 200)}`;
  if (run.status === "errored") return `⚠️ Could not be finished: ${run.title}`;
  if (run.status === "cancelled") return `⏹️ Cancelled: ${run.title}`;
  if (run.status === "queued") return `⏳ Queued: ${run.title}`;
  if (!run.diagnosed && !isEnded(run.status)) return `🔎 Checking: ${run.title}`;
  return unansweredSteps(run).length > 0
    ? `⚠️ Nothing found, but not everything could be checked: ${run.title}`
    : `✅ Nothing wrong: ${run.title}`;
}
