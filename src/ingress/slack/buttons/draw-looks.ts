import type { KnownBlock } from "@slack/types";
import { changeLines, needsFile, planFileName } from "../../../core/rules/plan-lines.ts";
import { visibleLines } from "../../../core/rules/visible.ts";
import { count } from "../../../core/words/format.ts";
import type { Plan, PlannedCall } from "../../../core/words/plan.ts";
import type { RemedyView } from "../../../core/words/view.ts";
import { code, rich } from "../../../slack/text-blocks.ts";
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
    rich(`Verified within ${plan.verifyWithin}. Undo: ${sayUndo(plan)}`),
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

function sayUndo({ undo, calls }: Plan): string {
  if (undo !== "actions") return undo.replace(/^none: /, "none; ");
  const leaves = [...new Set(calls.flatMap((call) => call.leaves ?? []))];
  return ["yes, the earlier state is recorded", ...leaves].join("; ");
}
