import { sayDamage } from "../core/rules/escalation.ts";
import { changeLines } from "../core/rules/plan-lines.ts";
import { stateOfRun } from "../core/rules/run-outcome.ts";
import { accountOf } from "../core/words/caller.ts";
import { sayDuration } from "../core/words/duration.ts";
import { count } from "../core/words/format.ts";
import { isEnded } from "../core/words/outcome.ts";
import { sayVersion } from "../core/words/runbook.ts";
import { gapsOf, type RemedyView, type RunView, type StepView } from "../core/words/view.ts";
import { columns } from "./columns.ts";
import { evidenceText } from "./evidence.ts";
import { runInShell } from "./in-shell.ts";
import { indent, oneLine, plain } from "./plain.ts";

/** A run as people read it in a terminal. `next`: what to type to look further. */
export function runText(view: RunView, next: readonly string[] = []): string {
  return [head(view), findingsText(view), stepsText(view.steps), remediesText(view), nextText(view, next)]
    .filter((part) => part !== "")
    .join("\n\n");
}

function head(view: RunView): string {
  const took =
    view.startedAt !== undefined && view.endedAt !== undefined
      ? `, ${sayDuration(view.endedAt.getTime() - view.startedAt.getTime())}`
      : "";
  const lines = [
    `run ${view.id}: ${plain(view.title)} (${view.runbook}) on ${view.system}`,
    ...(view.runbookVersion === undefined ? [] : [`runbook ${sayVersion(view.runbookVersion)}`]),
    `${stateOfRun(view)}${view.dryRun ? " (dry run)" : ""}${took}; asked by ${oneLine(sayCaller(view.caller))} at ${at(view.createdAt)}`,
  ];
  if (view.error !== undefined) lines.push(`error: ${oneLine(view.error.message)} (${view.error.code})`);
  return lines.join("\n");
}

const sayCaller = (caller: RunView["caller"]): string => {
  const account = accountOf(caller);
  const name = caller.principal ?? caller.name;
  return account === undefined ? name : `${name} (${account})`;
};

function nextText({ alert, findings }: RunView, next: readonly string[]): string {
  if (next.length === 0) return "";
  const why =
    findings.length === 0 && alert !== undefined
      ? "where the alert still fires, look further with"
      : "look further with";
  return `NEXT\n  ${why}\n${indent(next.map(runInShell).join("\n"), 4)}`;
}

function findingsText(view: RunView): string {
  const { findings, diagnosed, status } = view;
  if (findings.length === 0) {
    if (diagnosed)
      return `FINDINGS\n  ${gapsOf(view).length > 0 ? "none, but not everything could be looked at" : "none: nothing is wrong here"}`;
    return isEnded(status) ? "" : "FINDINGS\n  not known yet";
  }
  const blocks = findings.map((finding) => {
    const lines = [
      `${finding.goneAt === undefined ? finding.severity : "no longer there"}: ${plain(finding.title)}`,
    ];
    if (finding.damage !== undefined) lines.push(`  harm: ${sayDamage(finding.damage)}`);
    if (finding.because !== "") lines.push(indent(plain(finding.because), 2));
    for (const evidence of finding.evidence) lines.push(indent(evidenceText(evidence), 4));
    if (finding.remedies.length > 0) lines.push(`  remedies: ${finding.remedies.join(", ")}`);
    return indent(lines.join("\n"), 2);
  });
  return `FINDINGS\n${blocks.join("\n\n")}`;
}

function stepsText(steps: readonly StepView[]): string {
  if (steps.length === 0) return "";
  const rows = steps.map((step) => [
    step.name,
    step.action,
    step.on,
    step.state,
    step.durationMs === undefined ? "–" : sayDuration(step.durationMs),
    step.error === undefined ? "" : saidError(step.error),
  ]);
  return `STEPS\n${indent(columns(rows, ["step", "action", "on", "outcome", "took", ""]), 2)}`;
}

const saidError = ({ code, message, detail }: NonNullable<StepView["error"]>): string =>
  `${oneLine(message)} (${detail === undefined || detail === "" ? code : `${code}, ${detail}`})`;

function remediesText(view: RunView): string {
  if (view.remedies.length === 0) return "";
  return `REMEDIES\n${view.remedies.map((remedy) => indent(remedyText(view, remedy), 2)).join("\n\n")}`;
}

function remedyText(view: RunView, remedy: RemedyView): string {
  const lines = [`${remedy.key}: ${plain(remedy.title)} [${remedy.risk} risk, ${remedy.status}]`];
  if (remedy.advice !== undefined) lines.push(indent(plain(remedy.advice), 2));
  for (const change of remedy.plan === undefined ? [] : changeLines(remedy.plan)) lines.push(`  - ${change}`);
  if (remedy.note !== undefined) lines.push(`  ${oneLine(remedy.note)}`);
  lines.push(...approvalLines(view, remedy).map((line) => `  ${line}`));
  for (const attempt of remedy.attempts)
    lines.push(
      `  attempt ${attempt.epoch} of ${attempt.step}: ${attempt.outcome ?? "under way"} (${at(attempt.startedAt)})`,
    );
  lines.push(...questionLines(view, remedy).map((line) => `  ${line}`));
  return lines.join("\n");
}

/** What a human is asked besides the approval: what became of it, or whether it stays. */
function questionLines(view: RunView, { key, status, held, answers }: RemedyView): string[] {
  const lines = answers.map(
    ({ principal, answer, reason, at: when, ...hand }) =>
      `${principal}${sayHand(hand)} says ${answer} at ${at(when)}${reason === undefined ? "" : `: ${oneLine(reason)}`}`,
  );
  const say = (words: string) => `diagbot answer ${view.id} ${key} ${words}`;
  if (status === "unknown")
    lines.push(`nobody knows whether it happened; look, then say: ${say("<happened|did-not|abandon>")}`);
  if (held !== undefined && status === "succeeded" && held.ends === "keep")
    lines.push(`can be undone until ${at(held.until)}: ${say("<undo|keep>")}`);
  else if (held?.ends === "watch") lines.push(`is watched: looked at again at ${at(held.until)}`);
  else if (held !== undefined)
    lines.push(`in force until ${at(held.until)}, then: ${held.ends}; say: ${say("<undo|keep|extend>")}`);
  return lines;
}

/** ` (alice@web1, on behalf of bob)`: how it came in, where that was the command line. */
function sayHand({
  account,
  onBehalf,
}: {
  account?: string | undefined;
  onBehalf?: string | undefined;
}): string {
  const parts = [
    ...(account === undefined ? [] : [account]),
    ...(onBehalf === undefined ? [] : [`on behalf of ${onBehalf}`]),
  ];
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

function approvalLines(view: RunView, { key, approval, planSha256 }: RemedyView): string[] {
  if (approval === undefined) return [];
  const lines = approval.votes.map((vote) => {
    const reason = vote.reason === undefined ? "" : `: ${oneLine(vote.reason)}`;
    if (vote.auto === true) return `approved by the policy auto, no person, at ${at(vote.at)}${reason}`;
    return `${vote.decision === "approve" ? "approved" : "denied"} by ${vote.principal}${sayHand(vote)}${vote.breakGlass === true ? " alone (break-glass)" : ""} at ${at(vote.at)}${reason}`;
  });
  const { at: acts, note } = approval.auto ?? {};
  if (acts !== undefined && approval.state === "pending")
    lines.push(
      `the policy auto applies it at ${at(acts)} without a person; say: diagbot auto stop ${view.id}`,
    );
  if (note !== undefined) lines.push(`policy auto: ${oneLine(note)}`);
  for (const why of approval.voidBecause ?? []) lines.push(`void because ${oneLine(why)}`);
  if (approval.state === "pending") {
    const given = approval.votes.filter((vote) => vote.decision === "approve").length;
    const from = approval.policy.from.join(" or ");
    lines.push(
      `plan ${planSha256?.slice(0, 12) ?? "unknown"}; needs ${count(approval.policy.approvals - given, "approval")} from ${from} until ${at(approval.expiresAt)}`,
      `approve it: diagbot approve ${view.id} ${key}`,
    );
  }
  return lines;
}

/** To the second, in UTC: the reader's clock may be elsewhere. */
const at = (date: Date): string => `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
