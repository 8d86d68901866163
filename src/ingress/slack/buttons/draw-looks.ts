import type { KnownBlock } from "@slack/types";
import { sayDuration } from "../../../core/duration.ts";
import { canonical } from "../../../core/json.ts";
import type { RemedyView, RunView, StepView } from "../../../core/view.ts";
import { code, rich } from "../blocks.ts";

/** A remedy exactly as it was frozen: every call, what it changes, on what state it was decided, and the hash of it all. */
export function drawPlan({ plan, planSha256, title, risk, advice, note }: RemedyView): KnownBlock[] {
  const head = [rich(title, { bold: true }), rich(`Risk: ${risk}.${note === undefined ? "" : ` ${note}`}`)];
  if (advice !== undefined) return [...head, rich(`A human does this one: ${advice}`)];
  if (plan === undefined) return [...head, rich("There is no plan yet.")];
  return [
    ...head,
    ...plan.calls.flatMap((call, at): KnownBlock[] => [
      rich(
        `${at + 1}. \`${call.action}\` on \`${call.on}\` (${call.class}, at most ${call.timeoutSeconds} s)`,
      ),
      ...code(call.changes.map((change) => `• ${change}`).join("\n") || "no change", 3),
      ...code(`input:   ${canonical(call.input)}\nwitness: ${canonical(call.witness)}`, 2),
    ]),
    rich(`Checked within ${plan.verifyWithin}. Undo: ${plan.undo}`),
    ...code(`sha256 of the plan: ${planSha256 ?? "none"}`, 1),
  ].slice(0, 98);
}

const MOST_STEPS = 90;

/** Every step of a run with its outcome, time and error. */
export function drawDetails(run: RunView): KnownBlock[] {
  const lines = run.steps.slice(0, MOST_STEPS).map(sayStep);
  const params = Object.entries(run.params).map(([name, value]) => `${name}=${String(value)}`);
  return [
    rich(`Run #${run.id}: ${run.title} on ${run.system}`, { bold: true }),
    rich(`${run.status}${params.length === 0 ? "" : ` – ${params.join(", ")}`}`),
    ...(run.error === undefined ? [] : [rich(`${run.error.code}: ${run.error.message}`)]),
    ...(lines.length === 0 ? [rich("No step has begun.")] : code(lines.join("\n"), 20)),
    ...(run.steps.length > MOST_STEPS ? [rich(`${run.steps.length - MOST_STEPS} more are not shown.`)] : []),
  ];
}

function sayStep(step: StepView): string {
  const time = step.durationMs === undefined ? "" : sayDuration(step.durationMs);
  const error =
    step.error === undefined ? "" : `\n            ${step.error.code}: ${oneLine(step.error.message)}`;
  return `${step.state.padEnd(10)}  ${time.padStart(8)}  ${step.name}  ${step.action} on ${step.on}${error}`;
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").slice(0, 300);
