import type { FindingView, RemedyView, RunView } from "../../core/words/view.ts";

/** What is still there, by the newest look. */
export const foundNow = ({ findings }: RunView): FindingView[] =>
  findings.filter(({ goneAt }) => goneAt === undefined);

/** Something was found and, when the run looked again, nothing of it was left. */
export const isAllGone = (run: RunView): boolean => run.findings.length > 0 && foundNow(run).length === 0;

/** Not asked for any more although nothing has moved in its way: what it answers is gone, or a later run asks instead. */
export function isWithdrawn(remedy: RemedyView, run: RunView): boolean {
  if (remedy.status !== "void") return false;
  const answered = run.findings.filter((finding) => finding.remedies.includes(remedy.key));
  return run.supersededBy !== undefined || answered.every(({ goneAt }) => goneAt !== undefined);
}
