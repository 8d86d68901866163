import type { KnownBlock } from "@slack/types";
import { checklistSlot } from "../../core/rules/slots.ts";
import { type ChecklistView, doneOf } from "../../core/words/checklist.ts";
import type { IncidentView } from "../../core/words/view.ts";
import { bold, button, context, fallback, rich } from "../../slack/blocks.ts";
import { literal, mrkdwn } from "../../slack/escape.ts";
import { at, on } from "../text/dates.ts";
import type { WantedMessage } from "../wanted.ts";
import { sayWho } from "./escalation.ts";

/** A message for every checklist: what is done, by whom and when, with a button for each item. */
export const drawChecklists = (
  incident: IncidentView,
  checklists: readonly ChecklistView[],
): { at: Date; messages: WantedMessage[] }[] =>
  checklists.map((one) => ({ at: one.at, messages: [drawChecklist(incident, one)] }));

function drawChecklist({ id: incident }: IncidentView, checklist: ChecklistView): WantedMessage {
  const { id, title, items, openedBy, at: opened } = checklist;
  const done = doneOf(checklist);
  const words = `${done === items.length ? "✅" : "📋"} ${title}: ${done} of ${items.length} done`;
  return {
    slot: checklistSlot(id),
    kind: "message",
    urgent: false,
    text: fallback(words),
    blocks: [
      rich(bold(words, 200)),
      ...items.flatMap((item, index) => drawItem(item, `${incident}/${id}/${index + 1}`, index + 1)),
      context(`incident #${incident}`, `opened by ${sayWho(openedBy)} ${on(opened)}`),
    ],
  };
}

function drawItem(
  { text, runbook, asks, done }: ChecklistView["items"][number],
  value: string,
  number: number,
): KnownBlock[] {
  const who = done === undefined ? "" : ` – ${mrkdwn(done.by, 60)}, ${at(done.at)}`;
  const said = Object.entries(done?.answers ?? {}).map(
    ([name, words]) => `\n> ${mrkdwn(name, 31)}: ${mrkdwn(literal(words, 600), 600)}`,
  );
  const hint = done === undefined && runbook !== undefined ? `  ·  \`${mrkdwn(runbook, 80)}\` ticks it` : "";
  // A button says no words.
  const ask =
    done === undefined && asks !== undefined
      ? `  ·  \`/diag tick ${value.split("/").join(" ")}${asks.map((name) => ` ${name}=…`).join("")}\``
      : "";
  return [
    {
      type: "section",
      text: {
        type: "mrkdwn",
        text: `${done === undefined ? "⬜" : "☑️"} ${number}. ${mrkdwn(literal(text, 300), 300)}${who}${hint}${ask}${said.join("")}`,
        verbatim: true,
      },
      ...(ask !== ""
        ? {}
        : {
            accessory: button({
              action: "checklist:tick",
              label: done === undefined ? "Tick" : "Open again",
              value: `${value}/${done === undefined ? "done" : "open"}`,
            }),
          }),
    },
  ];
}

/** `Triage 5 of 15`: for the first message. */
export const sayChecklists = (checklists: readonly ChecklistView[]): string[] =>
  checklists.map((one) => {
    const isLeft = one.required === true && doneOf(one) < one.items.length;
    return `📋 ${mrkdwn(one.title, 80)} ${doneOf(one)} of ${one.items.length}${isLeft ? ", all of it before it is closed" : ""}`;
  });
