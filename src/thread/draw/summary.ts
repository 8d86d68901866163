import { countApprovals } from "../../core/approval.ts";
import { sayDuration } from "../../core/duration.ts";
import { count } from "../../core/format.ts";
import { isEnded } from "../../core/outcome.ts";
import type { RemedyView, RunView } from "../../core/view.ts";
import { bold, fallback, newline, plain, rich } from "../blocks.ts";
import type { WantedMessage } from "../wanted.ts";
import { checksOf, sayChecks, unanswered } from "./progress.ts";
import { CARD_WORDS } from "./remedy-state.ts";
import { byGravity, listed } from "./words.ts";

/** The closing word of a run that found something: situation, task, action, result, reflection. */
export function drawSummary(run: RunView): WantedMessage[] {
  if (!isEnded(run.status) || (run.findings.length === 0 && run.status === "succeeded")) return [];
  const parts: [string, string][] = [
    ["Situation", situation(run)],
    ["Task", `${run.title} (${run.runbook}): find the cause, offer what helps.`],
    ["Action", action(run)],
    ["Result", result(run)],
    ["Reflection", reflection(run)],
  ];
  const pieces = parts.flatMap(([name, words], i) => [
    ...(i === 0 ? [] : [newline]),
    bold(`${name}: `),
    plain(words, 700),
  ]);
  return [
    {
      slot: `run/${run.id}/summary`,
      kind: "message",
      urgent: false,
      text: fallback(`Run ${run.id} has ended: ${result(run)}`),
      blocks: [rich(bold(`🏁 Run ${run.id} has ended`)), rich(...pieces)],
    },
  ];
}

function situation(run: RunView): string {
  const alert = run.alert?.labels.alertname;
  const began =
    alert === undefined ? `${run.caller.name} asked about ${run.system}` : `alert ${alert} on ${run.system}`;
  const found = listed(
    byGravity(run.findings).map((finding) => finding.title.slice(0, 150)),
    3,
  );
  return found === "" ? `${began}.` : `${began}; found: ${found}.`;
}

function action(run: RunView): string {
  const applied = run.remedies.filter(
    (remedy) => remedy.appliedAt !== undefined || remedy.attempts.length > 0,
  );
  if (applied.length === 0) return `${sayChecks(run)}; nothing was changed.`;
  return `${sayChecks(run)}; ${listed(applied.map(sayApplied), 5)}.`;
}

function sayApplied(remedy: RemedyView): string {
  const voters = remedy.approval?.votes
    .filter((vote) => vote.decision === "approve")
    .map((vote) => vote.principal);
  const by = voters === undefined || voters.length === 0 ? "" : ` (approved by ${listed(voters)})`;
  return `${remedy.title.slice(0, 120)}${by}`;
}

/** What stands now, remedy by remedy; without remedies, what was found. */
function result(run: RunView): string {
  if (run.status === "errored")
    return `broke off: ${(run.error?.message ?? "no reason was recorded").slice(0, 300)}`;
  if (run.status === "cancelled")
    return `cancelled${run.cancelRequestedBy === undefined ? "" : ` by ${run.cancelRequestedBy}`}.`;
  const decided = run.remedies.filter((remedy) => remedy.status !== "advice" && remedy.status !== "skipped");
  if (decided.length === 0) return `${count(run.findings.length, "finding")}, nothing changed by diagbot.`;
  return `${listed(
    decided.map(
      (remedy) =>
        `${remedy.title.slice(0, 100)}: ${CARD_WORDS[remedy.status].replace(/^\S+ /, "").toLowerCase()}`,
    ),
    6,
  )}.`;
}

/** What is still open, what nobody could see, and where the time went. */
function reflection(run: RunView): string {
  const fixed = new Set(run.remedies.filter((remedy) => remedy.status === "succeeded").map(({ key }) => key));
  const open = run.findings.filter((finding) => !finding.remedies.some((key) => fixed.has(key)));
  const advice = run.remedies.filter((remedy) => remedy.status === "advice");
  const gaps = unanswered(run);
  const said = [
    open.length === 0
      ? "nothing found is left open"
      : `still open: ${listed(
          open.map(({ title }) => title.slice(0, 120)),
          3,
        )}`,
    ...(advice.length === 0
      ? []
      : [
          `for a person: ${listed(
            advice.map(({ title }) => title.slice(0, 100)),
            3,
          )}`,
        ]),
    ...(gaps.length === 0
      ? []
      : [`${gaps.length} of ${count(checksOf(run).length, "check")} gave no answer`]),
    ...sayTime(run),
  ];
  return `${said.join("; ")}.`;
}

function sayTime(run: RunView): string[] {
  if (run.endedAt === undefined) return [];
  const whole = run.endedAt.getTime() - run.createdAt.getTime();
  const waited = run.remedies
    .filter(({ approval }) => approval !== undefined && countApprovals(approval.votes) > 0)
    .map(({ approval }) => (approval?.decidedAt?.getTime() ?? 0) - (approval?.requestedAt.getTime() ?? 0));
  const longest = Math.max(0, ...waited);
  return [
    `took ${sayDuration(whole)}${longest > 1000 ? `, of which ${sayDuration(longest)} waiting for approval` : ""}`,
  ];
}
