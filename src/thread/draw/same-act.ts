import { count, listed } from "../../core/words/format.ts";
import { isRemedyOpen } from "../../core/words/outcome.ts";
import type { SameAct } from "../../core/words/same-act.ts";
import type { RemedyView, RunView } from "../../core/words/view.ts";
import { type Piece, plain, webLink } from "../../slack/blocks.ts";
import { permalink } from "../../slack/permalink.ts";

/** A remedy whose act another run asks for. */
type Following = RemedyView & { readonly sameAs: SameAct };

const isFollowing = (remedy: RemedyView): remedy is Following => remedy.sameAs !== undefined;

/** Remedies of a run that are decided on, or being carried out, in the thread of another one. */
export const decidedElsewhere = (run: Pick<RunView, "remedies">): Following[] =>
  run.remedies
    .filter(isFollowing)
    .filter(({ sameAs: { status } }) => status !== undefined && isRemedyOpen({ status }));

/** Those that another run has applied, and that helped there. */
export const appliedElsewhere = (run: Pick<RunView, "remedies">): Following[] =>
  run.remedies.filter(isFollowing).filter(({ sameAs }) => sameAs.status === "succeeded");

/** ` Decide in its thread`, as a link where the workspace is known; empty: it follows nothing. */
export function sayWhere({ sameAs }: RemedyView, workspace: string | undefined): Piece[] {
  if (sameAs?.status === undefined) return [];
  const { status, at } = sameAs;
  const words = status === "waiting" ? "decide there" : BECAME[status];
  const link =
    at === undefined || workspace === undefined ? undefined : permalink(workspace, at.channel, at.ts);
  return [plain(": "), link === undefined ? plain(words) : webLink(link, words)];
}

/** In a few words, what became of the remedy it follows. */
const BECAME: Readonly<Record<NonNullable<SameAct["status"]>, string>> = {
  advice: "for a person to do",
  planned: "being planned",
  waiting: "waits for a decision",
  approved: "approved",
  applying: "being applied",
  verifying: "applied, being verified",
  undoing: "being taken back",
  succeeded: "applied and verified",
  failed: "applied, did not help",
  errored: "could not be carried out",
  unknown: "whether it happened is asked there",
  denied: "denied",
  expired: "nobody decided in time",
  void: "void, the situation has changed",
  cancelled: "cancelled",
  skipped: "not needed",
  undone: "taken back",
};

/** `Asked for by 2 other alerts, too: …`: one decision serves them all. Empty: by none. */
export function sayAskedFor({ askedFor = [] }: RemedyView): string {
  if (askedFor.length === 0) return "";
  const titles = listed(
    askedFor.map(({ title }) => title.slice(0, 80)),
    3,
  );
  return `${count(askedFor.length, "other alert")}, which ${askedFor.length === 1 ? "does" : "do"} not ask again: ${titles}`;
}
