import { count } from "../../core/format.ts";
import { isEnded, isRemedyOpen } from "../../core/outcome.ts";
import type { RemedyView, RunView } from "../../core/view.ts";
import { bold, type Piece, plain } from "../blocks.ts";
import { sayChecks, sayProgress, unanswered } from "./progress.ts";
import { byGravity, listed, SEVERITY_ICON } from "./words.ts";

/** A run in two lines: what is wrong, and what to do next. */
export interface Verdict {
  readonly headline: string;
  readonly next: readonly Piece[];
}

export const verdictOf = (run: RunView): Verdict => ({ headline: headlineOf(run), next: nextOf(run) });

function headlineOf(run: RunView): string {
  const top = byGravity(run.findings)[0];
  if (top !== undefined) {
    const more = run.findings.length > 1 ? ` (+${run.findings.length - 1} more)` : "";
    return `${isFixed(run, top.remedies) ? "✅ Fixed: " : `${SEVERITY_ICON[top.severity]} `}${top.title.slice(0, 200)}${more}`;
  }
  if (run.status === "errored") return `⚠️ ${run.title}: could not be finished`;
  if (run.status === "cancelled") return `⏹️ ${run.title}: cancelled`;
  if (run.status === "queued") return `⏳ ${run.title}: queued`;
  if (!run.diagnosed && !isEnded(run.status)) return `🔎 ${run.title}: checking`;
  return unanswered(run).length > 0
    ? `⚠️ ${run.title}: nothing found, but not everything could be checked`
    : `✅ ${run.title}: nothing wrong`;
}

/** A remedy of the finding was applied and its verification held. */
const isFixed = (run: RunView, keys: readonly string[]): boolean =>
  run.remedies.some((remedy) => keys.includes(remedy.key) && remedy.status === "succeeded");

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

function nextOf(run: RunView): Piece[] {
  const unknown = withStatus(run, "unknown");
  if (unknown.length > 0)
    return [
      bold("Next: "),
      plain("find out whether this happened and say so on its card: "),
      titles(unknown),
    ];
  const waiting = withStatus(run, "waiting");
  if (waiting.length > 0)
    return [bold("Next: "), plain("approve or deny "), titles(waiting), plain(" below")];
  const held = run.remedies.filter((remedy) => remedy.held !== undefined);
  const useless = held.filter((remedy) => remedy.status === "failed");
  if (useless.length > 0) return [bold("Next: "), plain("it did not help, undo or keep "), titles(useless)];
  if (run.cancelRequestedBy !== undefined && !isEnded(run.status))
    return [plain(`Stopping: cancel was asked for by ${run.cancelRequestedBy}`, 200)];
  return isEnded(run.status) ? afterEnd(run) : underWay(run);
}

const DOING: Readonly<Partial<Record<RemedyView["status"], string>>> = {
  planned: "preparing ",
  approved: "about to apply ",
  applying: "applying ",
  verifying: "applied, now checking whether it helped: ",
  undoing: "taking back ",
};

function underWay(run: RunView): Piece[] {
  const inForce = run.remedies.find((remedy) => remedy.held !== undefined);
  if (inForce !== undefined)
    return [bold("Now: "), titles([inForce]), plain(" is in force for a limited time, see its card")];
  const open = run.remedies.find((remedy) => isRemedyOpen(remedy));
  if (open !== undefined) return [bold("Now: "), plain(DOING[open.status] ?? ""), titles([open])];
  if (run.status === "queued") return [plain("Waiting for a worker; it starts by itself.")];
  return [bold("Now: "), plain(run.diagnosed ? "finishing" : sayProgress(run), 400)];
}

function afterEnd(run: RunView): Piece[] {
  if (run.status === "errored")
    return [bold("Next: "), plain(`look yourself. ${run.error?.message ?? "The run broke off."}`, 500)];
  if (run.status === "cancelled")
    return [
      plain(`Cancelled${run.cancelRequestedBy === undefined ? "" : ` by ${run.cancelRequestedBy}`}.`, 200),
    ];
  const bad = withStatus(run, "failed", "errored", "undone", "void");
  if (bad.length > 0) return [bold("Next: "), plain("look yourself, this did not help: "), titles(bad)];
  const done = withStatus(run, "succeeded");
  if (done.length > 0) return [plain("Applied and verified: "), titles(done)];
  return withoutRemedy(run);
}

function withoutRemedy(run: RunView): Piece[] {
  if (run.findings.length === 0) {
    const gaps = unanswered(run);
    return gaps.length === 0
      ? [plain(`${sayChecks(run)}, nothing to do.`)]
      : [
          bold("Next: "),
          plain(`check by hand what could not be read: ${listed(gaps.map(({ title }) => title))}`, 400),
        ];
  }
  const advice = withStatus(run, "advice");
  if (advice.length > 0) return [bold("Next: "), plain("a person must act: "), titles(advice)];
  const dropped = withStatus(run, "denied", "expired", "cancelled", "skipped");
  const why =
    dropped.length === 0
      ? "no remedy is known"
      : `${count(dropped.length, "remedy", "remedies")} not applied`;
  return [bold("Next: "), plain(`decide what to do about it; ${why}.`)];
}
