import { beginSlot, reopenedSlot } from "../../core/rules/slots.ts";
import type { IncidentView, RunView } from "../../core/words/view.ts";
import { bold, context, divider, fallback, plain, rich } from "../../slack/blocks.ts";
import { on } from "../text/dates.ts";
import type { WantedMessage } from "../wanted.ts";
import { nameRun } from "./run-head.ts";

/** Where a further run of a thread begins: what stands below belongs to it. */
export const drawBegin = (run: RunView): WantedMessage => ({
  slot: beginSlot(run.id),
  kind: "message",
  urgent: false,
  text: fallback(`Run ${run.id} begins: ${run.title}`),
  blocks: [
    divider,
    context(`*${nameRun({ ...run, findings: [] }).join("  ·  ")}*`, `since ${on(run.createdAt)}`),
  ],
});

/** It fires again after it was resolved: said in the channel as well, where an edited first message is not noticed. */
export const drawReopening = (
  incident: IncidentView,
  { n, at }: IncidentView["reopenings"][number],
): WantedMessage => {
  const words = `🔁 Fires again: ${incident.title.slice(0, 120)}`;
  return {
    slot: reopenedSlot(n),
    kind: "message",
    urgent: false,
    broadcast: true,
    text: fallback(`${words} (${incident.system ?? "unknown system"})`),
    blocks: [
      rich(bold(words), plain(`, for the ${ordinal(n + 1)} time`)),
      context(`incident #${incident.id}`, `again since ${on(at)}`, `first ${on(incident.openedAt)}`),
    ],
  };
};

function ordinal(n: number): string {
  const last = n % 100 > 10 && n % 100 < 14 ? 0 : n % 10;
  return `${n}${{ 1: "st", 2: "nd", 3: "rd" }[last] ?? "th"}`;
}
