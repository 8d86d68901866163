import { visible } from "../../core/rules/visible.ts";
import { count } from "../../core/words/format.ts";
import type { StormGroup, StormView } from "../../core/words/storm.ts";
import { fallback } from "../../slack/blocks.ts";
import type { WantedMessage } from "../wanted.ts";

/** All groups of a storm that is over as a file of tab-separated lines, as they stood when it ended. */
export function stormFile({ id, groups, openedAt, endedAt }: StormView, slot: string): WantedMessage {
  const title = `All ${count(groups.length, "alert group")} of the storm`;
  return {
    slot,
    kind: "file",
    urgent: false,
    text: fallback(title),
    blocks: [],
    file: {
      name: `storm-${id}.tsv`,
      title,
      altText: title,
      content: [
        `# ${title}, ${openedAt.toISOString()} to ${endedAt?.toISOString() ?? "now"}`,
        COLUMNS.join("\t"),
        ...groups.map(lineOf),
        "",
      ].join("\n"),
    },
  };
}

const COLUMNS = ["incident", "opened", "severity", "system", "title", "runbook", "finding"];

// What changes later (status, firing) is left out: a file cannot be changed.
const lineOf = ({ incident, openedAt, severity, system, title, found }: StormGroup): string =>
  [
    String(incident),
    openedAt.toISOString(),
    severity,
    system ?? "",
    title,
    found?.runbook ?? "",
    found?.title ?? "",
  ]
    .map(cellOf)
    .join("\t");

/** No tab within a cell, and nothing a spreadsheet would take for a formula. */
const cellOf = (text: string): string => visible(text.replaceAll("\t", " ")).replace(/^[=+@-]/, "'$&");
