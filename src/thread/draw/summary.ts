import { foundNow, isAllGone, isWithdrawn, problemsOf, unseenOf } from "../../core/rules/found.ts";
import { isFixedBy } from "../../core/rules/run-outcome.ts";
import { summarySlot } from "../../core/rules/slots.ts";
import { countApprovals } from "../../core/rules/vote.ts";
import { sayDuration } from "../../core/words/duration.ts";
import { count, listed } from "../../core/words/format.ts";
import { isEnded } from "../../core/words/outcome.ts";
import { gapsOf, type RemedyView, type RunView } from "../../core/words/view.ts";
import { bold, fallback, newline, plain, rich } from "../../slack/blocks.ts";
import type { WantedMessage } from "../wanted.ts";
import { checksOf, sayChecks } from "./progress.ts";
import { CARD_WORDS } from "./remedy-state.ts";
import { lowerFirst, nameOf } from "./words.ts";

/**
 * The closing word of a run somebody was asked about, or that did not come to its end by itself: situation, task, action,
 * result, reflection. Where nothing was to be decided the head and the findings have said it all.
 */
export function drawSummary(run: RunView): WantedMessage[] {
  if (!isEnded(run.status) || isSaid(run)) return [];
  const parts: [string, string][] = [
    ["Situation", situation(run)],
    ["Task", task(run)],
    ["Action", action(run)],
    ["Result", `${result(run)}${sayTime(run)}`],
    ["Reflection", reflection(run)],
  ];
  const pieces = parts.flatMap(([name, words], i) => [
    ...(i === 0 ? [] : [newline]),
    bold(`${name}: `),
    plain(`${words}.`, 700),
  ]);
  return [
    {
      slot: summarySlot(run.id),
      kind: "message",
      urgent: false,
      closing: true,
      text: fallback(`Run ${run.id} has ended: ${result(run)}`),
      blocks: [rich(bold(`🏁 Run ${run.id} has ended`)), rich(...pieces)],
    },
  ];
}

/** The head and the findings leave nothing to add. */
const isSaid = (run: RunView): boolean =>
  decided(run).length === 0 &&
  (run.findings.length === 0 ||
    (["succeeded", "errored"].includes(run.status) && run.supersededBy === undefined));

/** Something of it was done, or may have been. */
const isTried = ({ appliedAt, attempts }: RemedyView): boolean =>
  appliedAt !== undefined || attempts.length > 0;

/** Something was changed and nobody has seen what came of it: then nobody may say that it is still as it was found. */
const isUnseen = (run: RunView, keys: readonly string[]): boolean =>
  run.remedies.some(
    (remedy) =>
      keys.includes(remedy.key) &&
      isTried(remedy) &&
      ["applying", "verifying", "errored", "cancelled", "unknown"].includes(remedy.status),
  );

/** Remedies somebody was asked about. */
const decided = (run: RunView): RemedyView[] =>
  run.remedies.filter((remedy) => remedy.approval !== undefined && remedy.status !== "skipped");

const situation = (run: RunView): string => {
  const alert = run.alert?.labels.alertname;
  return alert === undefined
    ? `${nameOf(run.caller)} asked about ${run.system}`
    : `alert ${alert.slice(0, 120)} on ${run.system}`;
};

function task(run: RunView): string {
  const found = listed(
    problemsOf(run).map((finding) => finding.title.slice(0, 150)),
    1,
  );
  return `find the cause (${run.runbook}): ${found === "" ? "nothing was found" : found}`;
}

function action(run: RunView): string {
  const applied = run.remedies.filter(isTried);
  if (applied.length === 0) return `${sayChecks(run)}; nothing was changed`;
  return `${sayChecks(run)}; ${listed(applied.map(sayApplied), 5)}`;
}

function sayApplied(remedy: RemedyView): string {
  const voters = remedy.approval?.votes
    .filter((vote) => vote.decision === "approve")
    .map((vote) => (vote.auto === true ? "the policy auto, no person" : vote.principal));
  const by = voters === undefined || voters.length === 0 ? "" : ` (approved by ${listed(voters)})`;
  return `${remedy.title.slice(0, 120)}${by}`;
}

/** What stands now; each remedy by name only where there are several. */
function result(run: RunView): string {
  if (run.status === "errored")
    return `broke off: ${(run.error?.message ?? "no reason was recorded").slice(0, 300)}`;
  const word = (remedy: RemedyView) => {
    const { status, note } = remedy;
    if (isWithdrawn(remedy, run)) return "withdrawn";
    // The note of what was done has the figures.
    return note !== undefined && (status === "succeeded" || status === "undone")
      ? note.slice(0, 300)
      : CARD_WORDS[status].replace(/^\S+ /, "").toLowerCase();
  };
  if (run.status === "cancelled") {
    const by = run.cancelRequestedBy === undefined ? "" : ` by ${run.cancelRequestedBy}`;
    const made = run.remedies
      .filter(isTried)
      .map((remedy) => `${remedy.title.slice(0, 100)}: ${word(remedy)}`);
    return [`cancelled${by}`, ...made.slice(0, 6)].join("; ");
  }
  const all = decided(run);
  const [only] = all;
  if (only === undefined)
    return `${count(problemsOf(run).length, "finding")}; nothing was changed by diagbot`;
  if (all.length === 1)
    return only.appliedAt === undefined ? `${only.title.slice(0, 100)}: ${word(only)}` : word(only);
  return all
    .slice(0, 6)
    .map((remedy) => `${remedy.title.slice(0, 100)}: ${word(remedy)}`)
    .join("; ");
}

/** What is still open, what people must do, and what nobody could see. */
function reflection(run: RunView): string {
  if (run.supersededBy !== undefined) return `run #${run.supersededBy} looks at this now`;
  const unfixed = foundNow(run).filter((finding) => !isFixedBy(run, finding.remedies));
  const unproven = unfixed.filter((finding) => isUnseen(run, finding.remedies));
  const open = unfixed.filter((finding) => !unproven.includes(finding));
  const advice = run.remedies.filter((remedy) => remedy.status === "advice");
  const gaps = gapsOf(run);
  const unseen = unseenOf(run);
  const names = (titles: readonly string[]) =>
    listed(
      titles.map((title) => title.slice(0, 120)),
      3,
    );
  const said = [
    ...(open.length === 0
      ? []
      : open.length === problemsOf(run).length
        ? ["what was found is still open"]
        : [`still open: ${names(open.map(({ title }) => title))}`]),
    ...(unproven.length === 0
      ? []
      : [
          `something was changed and nobody has seen whether it helped: ${names(unproven.map(({ title }) => title))}`,
        ]),
    ...(advice.length === 0 ? [] : [`left for a person: ${names(advice.map(({ title }) => title))}`]),
    ...(unseen === undefined ? [] : [lowerFirst(unseen.title)]),
    ...(gaps.length === 0 || unseen !== undefined
      ? []
      : [`${gaps.length} of ${count(checksOf(run).length, "check")} gave no answer`]),
  ];
  if (isAllGone(run)) said.unshift("nothing of what was found was left when everything was looked at again");
  return said.length === 0 ? "nothing is left open" : said.join("; ");
}

/** `, 2 min after it was asked for (40 s of them waiting for approval)`. */
function sayTime(run: RunView): string {
  if (run.endedAt === undefined) return "";
  const whole = run.endedAt.getTime() - run.createdAt.getTime();
  const waited = run.remedies
    .filter(({ approval }) => approval !== undefined && countApprovals(approval.votes) > 0)
    .map(({ approval }) => (approval?.decidedAt?.getTime() ?? 0) - (approval?.requestedAt.getTime() ?? 0));
  const longest = Math.max(0, ...waited);
  const share = longest > whole * 0.9 ? "nearly all of it" : `${sayDuration(longest)} of it`;
  return `; took ${sayDuration(whole)}${longest > 1000 ? `, ${share} waiting for approval` : ""}`;
}
