import { changeLines, needsFile, planFileName } from "../../core/rules/plan-lines.ts";
import { planFileSlot } from "../../core/rules/slots.ts";
import { visible, visibleJson } from "../../core/rules/visible.ts";
import { count } from "../../core/words/format.ts";
import type { RemedyView, RunView } from "../../core/words/view.ts";
import { redactDeep } from "../../lib/redact.ts";
import { fallback } from "../../slack/blocks.ts";
import { literal } from "../../slack/escape.ts";
import type { WantedMessage } from "../wanted.ts";

/** Where the file of a plan stands: not needed, up, still to come, or Slack takes none. */
export type PlanFile = "none" | "up" | "coming" | "refused";

/** What a slot of this thread has shown so far. */
export type ShownState = (slot: string) => "sending" | "sent" | "gone" | undefined;

const fileOf = ({ plan, planSha256 }: RemedyView) =>
  plan === undefined || planSha256 === undefined || !needsFile(plan) ? undefined : { plan, planSha256 };

/** The name of the file with the whole plan, where card and Preview are too small for it. */
export function planFileNameOf(remedy: RemedyView, run: Pick<RunView, "id">): string | undefined {
  const file = fileOf(remedy);
  return file && planFileName(run.id, remedy.key, file.planSha256);
}

/** Can an approver see all of the plan? */
export function planFileState(remedy: RemedyView, run: Pick<RunView, "id">, shown: ShownState): PlanFile {
  const file = fileOf(remedy);
  if (file === undefined) return "none";
  const state = shown(planFileSlot(run.id, remedy.key, file.planSha256));
  return state === "sent" ? "up" : state === "gone" ? "refused" : "coming";
}

/** The whole plan as a file of the thread, made from the frozen JSON and nothing else. */
export function drawPlanFile(
  remedy: RemedyView,
  run: Pick<RunView, "id">,
  redact: (text: string) => string = (text) => text,
): WantedMessage[] {
  const file = fileOf(remedy);
  if (file === undefined) return [];
  const { plan, planSha256 } = file;
  const lines = changeLines(plan);
  const title = literal(`All ${count(lines.length, "change")}: ${remedy.title}`, 100);
  const content = [
    visible(`${plan.title}, ${plan.risk} risk: run ${plan.run} of ${plan.runbook} on ${plan.system}`),
    `sha256 of the plan: ${planSha256}`,
    "",
    `${count(lines.length, "change")}:`,
    ...lines,
    "",
    "The frozen plan, whole:",
    visibleJson(redactDeep(plan, redact)),
    "",
  ].join("\n");
  const name = planFileName(run.id, remedy.key, planSha256);
  return [
    {
      slot: planFileSlot(run.id, remedy.key, planSha256),
      kind: "file",
      urgent: true,
      text: fallback(title),
      blocks: [],
      file: { name, title, altText: title, content },
    },
  ];
}
