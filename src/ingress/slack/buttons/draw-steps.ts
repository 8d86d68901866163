import type { KnownBlock } from "@slack/types";
import { stateOfRun } from "../../../core/rules/run-outcome.ts";
import { visibleLines } from "../../../core/rules/visible.ts";
import { sayDuration } from "../../../core/words/duration.ts";
import { count } from "../../../core/words/format.ts";
import type { Json } from "../../../core/words/json.ts";
import { sayVersion } from "../../../core/words/runbook.ts";
import { PHASES, type RunView, type StepView } from "../../../core/words/view.ts";
import { code, plain, rich } from "../../../slack/text-blocks.ts";
import { layOutJson } from "./lay-out-json.ts";

/** Slack takes 100 blocks in a modal. */
const STEPS_OF_A_PAGE = 40;
/** Blocks of a step's text on one page, about 2,900 characters each. */
const TEXT_OF_A_PAGE = 40;

/** Which step of which run, and which page of what it returned; `step` absent: the list, from that step on. */
export interface Place {
  readonly run: number;
  readonly step?: number;
  readonly page: number;
}

/** A button's value; read again by `placeOf`. */
export const sayPlace = ({ run, step, page }: Place): string => `${run}/${step ?? "list"}/${page}`;

/** The place a button's value names; undefined where it is none. */
export function placeOf(value: string | undefined): Place | undefined {
  const parts = /^(\d{1,9})(?:\/(list|\d{1,4})\/(\d{1,4}))?$/.exec(value ?? "");
  if (parts === null) return undefined;
  const [, run, step = "list", page = "0"] = parts;
  return { run: Number(run), page: Number(page), ...(step === "list" ? {} : { step: Number(step) }) };
}

/** Every step of a run with its outcome, time and error, and a button for all of what it was asked and returned. */
export function drawDetails(run: RunView, page = 0): KnownBlock[] {
  const params = Object.entries(run.params).map(([name, value]) => `${name}=${String(value)}`);
  const from = page * STEPS_OF_A_PAGE;
  const steps = inOrder(run).slice(from, from + STEPS_OF_A_PAGE);
  const left = run.steps.length - from - steps.length;
  return [
    rich(`Run #${run.id}: ${run.title} on ${run.system}`, { bold: true }),
    rich(`${stateOfRun(run)}${params.length === 0 ? "" : ` – ${params.join(", ")}`}`),
    rich(`${run.runbook}${run.runbookVersion === undefined ? "" : ` ${sayVersion(run.runbookVersion)}`}`),
    ...(run.error === undefined ? [] : [rich(`${run.error.code}: ${run.error.message}`)]),
    ...(run.steps.length === 0 ? [rich("No step has begun.")] : []),
    ...steps.map((step) => drawRow(step, { run: run.id, step: run.steps.indexOf(step), page: 0 })),
    ...(left > 0 ? [turn(`${count(left, "more step")}`, { run: run.id, page: page + 1 })] : []),
  ];
}

/** As they came about: first what was looked at, then what was done about it. */
const inOrder = ({ steps }: RunView): StepView[] =>
  PHASES.flatMap((phase) => steps.filter((step) => step.phase === phase));

const drawRow = (step: StepView, place: Place): KnownBlock => ({
  type: "section",
  text: plain(sayStep(step), 1_000),
  accessory: { type: "button", action_id: "run:step", text: plain("Open"), value: sayPlace(place) },
});

const MARKS: Readonly<Partial<Record<StepView["state"], string>>> = {
  succeeded: "✅",
  ready: "⏳",
  executing: "🔧",
  skipped: "⏭️",
  unknown: "❓",
};

function sayStep(step: StepView): string {
  const time = step.durationMs === undefined ? "" : `, ${sayDuration(step.durationMs)}`;
  const error = step.error === undefined ? "" : ` – ${step.error.code}: ${step.error.message}`;
  return `${MARKS[step.state] ?? "⚠️"} ${step.name}: ${step.title} (${step.action} on ${step.on}, ${step.state}${time})${error}`;
}

/** One step whole: what was asked, and everything that came back; over as many pages as it takes. */
export function drawStep(run: RunView, { step: index = 0, page }: Place): KnownBlock[] {
  const step = run.steps[index];
  if (step === undefined) return [rich("This step does not exist any more.")];
  const text = code(wholeStep(step), Number.POSITIVE_INFINITY);
  const from = page * TEXT_OF_A_PAGE;
  const pages = Math.ceil(text.length / TEXT_OF_A_PAGE);
  return [
    rich(`${step.title} on ${step.on}`, { bold: true }),
    rich(`\`${step.action}\`: ${step.state}${pages > 1 ? `, page ${page + 1} of ${pages}` : ""}`),
    ...text.slice(from, from + TEXT_OF_A_PAGE),
    ...(page + 1 < pages ? [turn("Next page", { run: run.id, step: index, page: page + 1 })] : []),
  ];
}

const wholeStep = ({ input, output, error, startedAt, durationMs }: StepView): string =>
  [
    `started ${startedAt?.toISOString() ?? "not yet"}${durationMs === undefined ? "" : `, took ${sayDuration(durationMs)}`}`,
    `asked ${laidOut(input)}`,
    ...(error === undefined ? [] : [`error ${laidOut({ ...error })}`]),
    ...(output === undefined ? [] : ["returned", laidOut(output)]),
  ].join("\n");

const laidOut = (value: Json): string => visibleLines(layOutJson(value));

const turn = (label: string, place: Place): KnownBlock => ({
  type: "actions",
  elements: [{ type: "button", action_id: "run:step-page", text: plain(label), value: sayPlace(place) }],
});
