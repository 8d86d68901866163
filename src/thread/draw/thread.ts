import { HEAD_SLOT } from "../../core/rules/slots.ts";
import type { IncidentView, RunView, ThreadView } from "../../core/words/view.ts";
import { fallback, lines, newline, rich, webLink } from "../../slack/blocks.ts";
import { permalink } from "../../slack/permalink.ts";
import type { WantedMessage } from "../wanted.ts";
import { drawChecklists } from "./checklist.ts";
import { drawEscalations } from "./escalation.ts";
import { createAttachments } from "./files.ts";
import { drawFindings } from "./findings.ts";
import { drawGuideHead } from "./guide-head.ts";
import { drawIncidentHead } from "./incident-head.ts";
import { noteMoved } from "./moved.ts";
import type { DrawOptions } from "./options.ts";
import { drawPlanFile } from "./plan-file.ts";
import { drawPostmortems } from "./postmortem.ts";
import { drawCard, hasCard } from "./remedy.ts";
import { drawRunHead } from "./run-head.ts";
import { drawScheduleHead } from "./schedule.ts";
import { drawStorm } from "./storm.ts";
import { drawSummary } from "./summary.ts";
import { drawBegin, drawReopening } from "./turns.ts";

export type { DrawOptions } from "./options.ts";

/**
 * Everything a thread should show, in reading order, the root (`head`) first. Pure: the same rows give the same
 * messages, so a repeat is harmless and a crash loses nothing. Empty for a thread nothing hangs on.
 */
export function drawThread(view: ThreadView, options: DrawOptions): WantedMessage[] {
  const [head, ...others] = drawAll(view, options);
  return head === undefined ? [] : [noteMoved(head, view.moved), ...others];
}

function drawAll(view: ThreadView, options: DrawOptions): WantedMessage[] {
  const first = view.runs[0];
  if (view.storm !== undefined) return drawStorm(view.storm, options);
  if (view.incident !== undefined) return drawIncident(view.incident, view, options);
  if (first === undefined) return view.notice === undefined ? [] : [drawNotice(view.notice, view, options)];
  if (view.guide !== undefined)
    return [drawGuideHead(view.guide, view, options), ...drawParts(view, options)];
  if (view.schedule !== undefined)
    return [drawScheduleHead(view.schedule, view, options), ...drawTurns(view, options)];
  return [drawRunHead(first, view, options), ...view.runs.flatMap((run) => drawRun(run, view, options))];
}

/** Each run below its own divider. */
const drawTurns = (view: ThreadView, options: DrawOptions): WantedMessage[] =>
  view.runs.flatMap((run, i) => [...(i === 0 ? [] : [drawBegin(run)]), ...drawRun(run, view, options)]);

/** The runs of a guide item that have something to say; what the others came to stands in the head. */
const drawParts = (view: ThreadView, options: DrawOptions): WantedMessage[] =>
  view.runs.flatMap((run) => {
    const messages = drawRun(run, view, options);
    return messages.length === 0 ? [] : [drawBegin(run), ...messages];
  });

/** Runs and new fires in the order they happened, each further run below its own divider. */
function drawIncident(incident: IncidentView, view: ThreadView, options: DrawOptions): WantedMessage[] {
  const runs = view.runs.map((run, i) => ({
    at: run.createdAt,
    messages: [...(i === 0 ? [] : [drawBegin(run)]), ...drawRun(run, view, options)],
  }));
  const fires = incident.reopenings
    .filter(({ announced }) => announced)
    .map((reopening) => ({ at: reopening.at, messages: [drawReopening(incident, reopening)] }));
  const turns = [
    ...runs,
    ...fires,
    ...drawEscalations(incident, options),
    ...drawChecklists(incident, view.checklists ?? []),
  ].toSorted((a, b) => a.at.getTime() - b.at.getTime());
  return [
    drawIncidentHead(incident, view, options),
    ...turns.flatMap(({ messages }) => messages),
    ...drawPostmortems(incident, view.postmortems ?? []),
  ];
}

/** A message that belongs to no run: a thread of one. */
function drawNotice(words: string, { about }: ThreadView, { workspace }: DrawOptions): WantedMessage {
  const link = about === undefined ? undefined : linkTo(about, workspace);
  return {
    slot: HEAD_SLOT,
    kind: "message",
    urgent: false,
    text: fallback(words),
    blocks: [
      rich(lines(words, 2_000), ...(link === undefined ? [] : [newline, webLink(link, "Open its thread")])),
    ],
  };
}

/** A message on the web, as Slack's own permalinks have it. */
const linkTo = ({ channel, ts }: { channel: string; ts: string }, workspace: string | undefined) =>
  workspace === undefined ? undefined : permalink(workspace, channel, ts);

function drawRun(run: RunView, view: ThreadView, options: DrawOptions): WantedMessage[] {
  const { attach, messages } = createAttachments(run);
  const findings = drawFindings(run, attach, options);
  // The file comes first: Approve waits for it.
  const cards = run.remedies
    .filter(hasCard)
    .flatMap((remedy) => [
      ...drawPlanFile(remedy, run, options.redact),
      drawCard(remedy, run, view, options),
    ]);
  return [...findings, ...cards, ...messages(), ...drawSummary(run)];
}
