import type { KnownBlock } from "@slack/types";
import { sayDuration } from "../../../core/duration.ts";
import { count } from "../../../core/format.ts";
import type { PlannedCall } from "../../../core/plan.ts";
import { changeLines, needsFile, planFileName } from "../../../core/plan-lines.ts";
import { type RemedyView, type RunView, type StepView, stateOfRun } from "../../../core/view.ts";
import { visibleLines } from "../../../core/visible.ts";
import { code, rich } from "../blocks.ts";
import { layOutJson } from "./lay-out-json.ts";

/** How a call behaves when something moves or breaks meanwhile, by the class of its action. */
const CLASS_WORDS: Readonly<Record<PlannedCall["class"], string>> = {
  keyed: "repeating it changes nothing more",
  cas: "only while what it was decided on still holds",
  guarded: "once; never repeated by itself",
};

/** Slack takes 100 blocks in a modal, and about 250,000 characters of it. */
const MOST_BLOCKS = 95;
const MOST_CHANGE_BLOCKS = 60;

/**
 * A remedy exactly as it was frozen: every change first, then every call, on what state it was decided, and the hash of
 * it all. What is too much for a modal is in the file of the thread, and said to be.
 */
export function drawPlan(remedy: RemedyView, run: number): KnownBlock[] {
  const { plan, planSha256, title, risk, advice, note } = remedy;
  const head = [rich(title, { bold: true }), rich(`Risk: ${risk}.${note === undefined ? "" : ` ${note}`}`)];
  if (advice !== undefined) return [...head, rich(`A human does this one: ${advice}`)];
  if (plan === undefined) return [...head, rich("There is no plan yet.")];
  const foot = [
    rich(`Verified within ${plan.verifyWithin}. Undo: ${sayUndo(plan.undo)}`),
    ...code(`sha256 of the plan:\n${planSha256 ?? "none"}`, 1),
  ];
  const file = needsFile(plan) ? planFileName(run, remedy.key, planSha256 ?? "") : undefined;
  const whole = file === undefined ? [] : [rich(`All of it is in the file \`${file}\` of the thread.`)];
  const lines = changeLines(plan);
  const changes = [
    rich(`${count(lines.length, "change")}:`),
    ...code(lines.map((line) => `• ${line}`).join("\n"), MOST_CHANGE_BLOCKS),
  ];
  const room = MOST_BLOCKS - head.length - whole.length - changes.length - foot.length;
  const calls = plan.calls.flatMap(drawCall);
  const shown = calls.length <= room ? calls : [...calls.slice(0, room - 1), rich("… more is not shown")];
  return [...head, ...whole, ...changes, ...shown, ...foot];
}

const drawCall = (call: PlannedCall, at: number): KnownBlock[] => [
  rich(
    `${at + 1}. \`${call.action}\` on \`${call.on}\`: ${CLASS_WORDS[call.class]}; at most ${call.timeoutSeconds} s`,
  ),
  rich("Sent, exactly:"),
  ...code(visibleLines(layOutJson(call.input)), MOST_CALL_BLOCKS),
  rich("Decided on this state; where it has moved, the approval is void:"),
  ...code(visibleLines(layOutJson(call.witness)), MOST_CALL_BLOCKS),
];

const MOST_CALL_BLOCKS = 20;

const sayUndo = (undo: string): string =>
  undo === "actions" ? "yes, the earlier state is recorded" : undo.replace(/^none: /, "none; ");

const MOST_STEPS = 90;

/** Every step of a run with its outcome, time and error. */
export function drawDetails(run: RunView): KnownBlock[] {
  const steps = run.steps.slice(0, MOST_STEPS);
  const widths = {
    state: Math.max(0, ...steps.map(({ state }) => state.length)),
    name: Math.min(WIDEST_NAME, Math.max(0, ...steps.map(({ name }) => name.length))),
  };
  const lines = steps.map((step) => sayStep(step, widths));
  const params = Object.entries(run.params).map(([name, value]) => `${name}=${String(value)}`);
  return [
    rich(`Run #${run.id}: ${run.title} on ${run.system}`, { bold: true }),
    rich(`${stateOfRun(run)}${params.length === 0 ? "" : ` – ${params.join(", ")}`}`),
    ...(run.error === undefined ? [] : [rich(`${run.error.code}: ${run.error.message}`)]),
    ...(lines.length === 0 ? [rich("No step has begun.")] : code(lines.join("\n"), 20)),
    ...(run.steps.length > MOST_STEPS ? [rich(`${run.steps.length - MOST_STEPS} more are not shown.`)] : []),
  ];
}

const WIDEST_NAME = 24;

function sayStep(step: StepView, widths: { state: number; name: number }): string {
  const time = step.durationMs === undefined ? "" : sayDuration(step.durationMs);
  const margin = " ".repeat(widths.state + 11);
  const error =
    step.error === undefined ? "" : `\n${margin}${step.error.code}: ${oneLine(step.error.message)}`;
  const [state, name] = [step.state.padEnd(widths.state), step.name.padEnd(widths.name)];
  return `${state} ${time.padStart(8)}  ${name}  ${step.action}${step.name === step.on ? "" : ` on ${step.on}`}${error}`;
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").slice(0, 300);
