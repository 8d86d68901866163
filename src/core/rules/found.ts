import { COULD_NOT_LOOK } from "../words/finding.ts";
import type { FindingView, RemedyView, RunView } from "../words/view.ts";

/** What was found; what could not be looked at is no problem of the system. */
export const problemsOf = ({ findings }: RunView): FindingView[] =>
  findings.filter(({ id }) => id !== COULD_NOT_LOOK);

/** What could not be looked at, where that is anything. */
export const unseenOf = ({ findings }: RunView): FindingView | undefined =>
  findings.find(({ id, goneAt }) => id === COULD_NOT_LOOK && goneAt === undefined);

/** What is still there, by the newest look. */
export const foundNow = (run: RunView): FindingView[] =>
  problemsOf(run).filter(({ goneAt }) => goneAt === undefined);

/** Something was found and, when the run looked again, nothing of it was left. */
export const isAllGone = (run: RunView): boolean => problemsOf(run).length > 0 && foundNow(run).length === 0;

/** Not asked for any more although nothing has moved in its way: what it answers is gone, or a later run asks instead. */
export function isWithdrawn(remedy: RemedyView, run: RunView): boolean {
  if (remedy.status !== "void") return false;
  const answered = run.findings.filter((finding) => finding.remedies.includes(remedy.key));
  return run.supersededBy !== undefined || answered.every(({ goneAt }) => goneAt !== undefined);
}
