import { foundNow, isAllGone, isWithdrawn, problemsOf, unseenOf } from "../../core/rules/found.ts";
import { isFixedBy } from "../../core/rules/run-outcome.ts";
import { count, listed } from "../../core/words/format.ts";
import { isEnded, isRemedyOpen } from "../../core/words/outcome.ts";
import { type FreezeView, type RemedyView, type RunView, unansweredSteps } from "../../core/words/view.ts";
import { bold, inlineCode, type Piece, plain } from "../../slack/blocks.ts";
import { sayChecks, sayProgress } from "./progress.ts";
import { appliedElsewhere, decidedElsewhere } from "./same-act.ts";
import { lowerFirst } from "./words.ts";

const withStatus = (run: RunView, ...statuses: readonly RemedyView["status"][]): RemedyView[] =>
  run.remedies.filter((remedy) => statuses.includes(remedy.status));

const titles = (remedies: readonly RemedyView[]): Piece =>
  bold(
    listed(
      remedies.map(({ title }) => title),
      2,
    ),
    300,
  );

/** What people should do now, or what diagbot does meanwhile: one line. `elsewhere`: what to type to look further. */
export function nextOf(run: RunView, freeze?: FreezeView, elsewhere: readonly string[] = []): Piece[] {
  const unknown = withStatus(run, "unknown");
  if (unknown.length > 0)
    return [
      bold("Next: "),
      plain("find out whether this happened and say so on its card: "),
      titles(unknown),
    ];
  const waiting = withStatus(run, "waiting");
  if (waiting.length > 0) return [bold("Next: "), ...sayWaiting(run, waiting), ...sayLook(run)];
  const held = run.remedies.filter((remedy) => remedy.held !== undefined && remedy.held.ends !== "watch");
  const useless = held.filter((remedy) => remedy.status === "failed");
  if (useless.length > 0) return [bold("Next: "), plain("undo or keep what did not help: "), titles(useless)];
  if (run.cancelRequestedBy !== undefined && !isEnded(run.status))
    return [plain(`Stopping: cancel was asked for by ${run.cancelRequestedBy}`, 200)];
  return isEnded(run.status) ? afterEnd(run, elsewhere) : underWay(run, freeze);
}

/** The alert has ended and the checks are made once more; what is still there stays. */
const sayLook = ({ lookAgain }: RunView): Piece[] =>
  lookAgain === undefined || lookAgain.why === "fired"
    ? []
    : [plain(" (the alert has ended: everything is being looked at again)")];

/** After one remedy has helped, the others are mostly not needed: that is what people must decide then. */
function sayWaiting(run: RunView, waiting: readonly RemedyView[]): Piece[] {
  const helped = waiting.flatMap((remedy) => helpedBefore(remedy, run) ?? []);
  return helped.length > 0
    ? [titles(helped), plain(" has helped; deny what is not needed any more: "), titles(waiting)]
    : [plain("approve or deny in this thread: "), titles(waiting)];
}

/** A remedy of the same finding that was applied and verified: then this one is probably not needed any more. */
export const helpedBefore = (remedy: RemedyView, run: RunView): RemedyView | undefined => {
  const rivals = run.findings
    .filter((finding) => finding.remedies.includes(remedy.key))
    .flatMap((finding) => finding.remedies);
  return run.remedies.find(({ key, status }) => status === "succeeded" && rivals.includes(key));
};

const DOING: Readonly<Partial<Record<RemedyView["status"], string>>> = {
  planned: "preparing ",
  approved: "about to apply ",
  applying: "applying ",
  verifying: "applied, now checking whether it helped: ",
  undoing: "taking back ",
};

function underWay(run: RunView, freeze: FreezeView | undefined): Piece[] {
  const inForce = run.remedies.find((remedy) => remedy.held !== undefined && isRemedyOpen(remedy));
  if (inForce?.held?.ends === "watch")
    return [
      bold("Now: "),
      titles([inForce]),
      plain(" was applied without a person and is watched: it must stay so"),
    ];
  if (inForce !== undefined)
    return [
      bold("Now: "),
      titles([inForce]),
      plain(" is in force for a limited time; its card can undo, keep or extend it"),
    ];
  const open = run.remedies.find((remedy) => isRemedyOpen(remedy));
  if (open?.status === "approved" && freeze !== undefined)
    return [bold("Now: "), plain("approved, waits for the end of the freeze: "), titles([open])];
  if (open !== undefined) return [bold("Now: "), plain(DOING[open.status] ?? ""), titles([open])];
  if (run.status === "queued") return [plain("Waiting for a worker; it starts by itself.")];
  return [bold("Now: "), plain(run.diagnosed ? "finishing" : sayProgress(run), 400)];
}

function afterEnd(run: RunView, elsewhere: readonly string[]): Piece[] {
  if (run.status === "errored")
    return [bold("Next: "), plain(`look yourself. ${run.error?.message ?? "The run broke off."}`, 500)];
  if (run.status === "cancelled") {
    const made = withStatus(run, "succeeded");
    return [
      plain(`Cancelled${run.cancelRequestedBy === undefined ? "" : ` by ${run.cancelRequestedBy}`}`, 200),
      ...(made.length === 0 ? [plain(".")] : [plain("; applied and verified before: "), titles(made)]),
    ];
  }
  const bad = withStatus(run, "failed", "errored", "undone").filter(
    (remedy) => helpedBefore(remedy, run) === undefined && !wasLent(remedy),
  );
  if (bad.length > 0)
    return [
      bold("Next: "),
      plain("look yourself; "),
      titles(bad),
      plain(` ${ENDED_AS[bad[0]?.status ?? "failed"]}`),
    ];
  const done = withStatus(run, "succeeded");
  if (done.length > 0)
    return [plain("Applied and verified: "), titles(done), ...sayOpen(run), ...sayUndoable(done)];
  const lent = run.remedies.filter(wasLent);
  if (lent.length > 0)
    return [plain("In force for the time asked for, taken back since: "), titles(lent), ...sayOpen(run)];
  const changed = withStatus(run, "void").filter((remedy) => !isWithdrawn(remedy, run));
  if (changed.length > 0)
    return [
      bold("Next: "),
      plain("ask for a new run, things have changed since this was planned: "),
      titles(changed),
    ];
  return withoutRemedy(run, elsewhere);
}

/** Taken back as planned, not because it did harm. */
const wasLent = ({ status, plan }: RemedyView): boolean =>
  status === "undone" && plan?.appliedFor !== undefined;

const ENDED_AS: Readonly<Partial<Record<RemedyView["status"], string>>> = {
  failed: "did not help",
  errored: "could not be carried out",
  undone: "was taken back",
};

/** For a while its card takes it back. */
const sayUndoable = (done: readonly RemedyView[]): Piece[] =>
  done.some(({ held }) => held !== undefined) ? [plain("; its card can still undo it")] : [];

/** One thing was repaired; the reader of the first lines must not think that all is well. */
function sayOpen(run: RunView): Piece[] {
  const open = foundNow(run).filter(
    (finding) => finding.severity !== "info" && !isFixedBy(run, finding.remedies),
  );
  return open.length === 0
    ? []
    : [
        plain("; still open: "),
        plain(
          listed(
            open.map(({ title }) => title.slice(0, 150)),
            1,
          ),
          250,
        ),
      ];
}

/** `; look further with …`: lines to paste. Nothing where nothing else is near. */
const sayElsewhere = (before: string, elsewhere: readonly string[]): Piece[] =>
  elsewhere.length === 0
    ? []
    : [
        plain(before),
        ...elsewhere.flatMap((typed, at): Piece[] => [
          ...(at > 0 ? [plain(", ")] : []),
          inlineCode(typed, 200),
        ]),
      ];

/** One decision serves several alerts. */
const sayFollowed = (followed: ReturnType<typeof decidedElsewhere>): Piece[] => [
  plain(`decide in the thread of run #${followed[0]?.sameAs.run}, which asks for the same: `),
  titles(followed),
];

function withoutRemedy(run: RunView, elsewhere: readonly string[]): Piece[] {
  if (run.supersededBy !== undefined) return [plain(`Run #${run.supersededBy} looks at this now.`)];
  if (isAllGone(run)) return [plain("Everything was looked at again: nothing of what was found is left.")];
  if (problemsOf(run).length === 0) {
    const gaps = unansweredSteps(run);
    const unseen = unseenOf(run);
    if (unseen !== undefined)
      return [
        bold("Next: "),
        plain(`a person must look; ${lowerFirst(unseen.title)}.`, 400),
        ...sayElsewhere(" Look further with ", elsewhere),
      ];
    if (gaps.length === 0)
      return elsewhere.length === 0
        ? [plain(`${sayChecks(run)}, nothing to do.`)]
        : [bold("Next: "), ...sayElsewhere("the alert still fires; look further with ", elsewhere)];
    return [
      bold("Next: "),
      plain(`check by hand what could not be read: ${listed(gaps.map(({ title }) => title))}`, 400),
      ...sayElsewhere("; look further with ", elsewhere),
    ];
  }
  const followed = decidedElsewhere(run);
  if (followed.length > 0) return [bold("Next: "), ...sayFollowed(followed)];
  const applied = appliedElsewhere(run);
  if (applied.length > 0)
    return [plain(`Applied and verified by run #${applied[0]?.sameAs.run}: `), titles(applied)];
  const advice = withStatus(run, "advice");
  if (advice.length > 0) return [bold("Next: "), plain("a person must act: "), titles(advice)];
  const dropped = withStatus(run, "denied", "expired", "cancelled", "skipped");
  const why =
    dropped.length === 0
      ? "no remedy is known"
      : `${count(dropped.length, "remedy", "remedies")} not applied`;
  return [
    bold("Next: "),
    plain(`decide what to do about it; ${why}.`),
    ...sayElsewhere(" What may be behind it: ", elsewhere),
  ];
}
