import { isCritical } from "../../core/words/alert.ts";
import type { StormGroup } from "../../core/words/storm.ts";
import { type Piece, plain, webLink } from "../../slack/blocks.ts";
import { permalink } from "../../slack/permalink.ts";
import { SEVERITY_ICON } from "./words.ts";

/** Characters of the parts of a line; a page of lines stays below what Slack takes in one message. */
const TITLE = 70;
const FOUND = 80;
const SYSTEM = 24;

/** One alert group in a line: how bad, its number, what fires, where, and what was found. */
export function stormLine(group: StormGroup, workspace: string | undefined): Piece[] {
  const { incident, own } = group;
  const link =
    own === undefined || workspace === undefined ? undefined : permalink(workspace, own.channel, own.ts);
  return [
    plain(`${iconOf(group)} #${incident} ${group.title.slice(0, TITLE)}${countOf(group)}`, 120),
    plain(` · ${group.system?.slice(0, SYSTEM) ?? "no system"}`, 40),
    ...foundOf(group),
    ...(link === undefined ? [] : [plain(" · "), webLink(link, "its thread")]),
  ];
}

export function iconOf({ status, closed, severity }: StormGroup): string {
  if (closed) return "☑️";
  if (status === "resolved") return "✅";
  if (isCritical(severity)) return "🔴";
  return /info|none/i.test(severity) ? "🔵" : "🟠";
}

/** One alert needs no count. */
const countOf = ({ status, firing }: StormGroup): string =>
  status === "firing" && firing > 1 ? `: ${firing} firing` : "";

function foundOf({ status, found, running }: StormGroup): Piece[] {
  if (status === "resolved") return [];
  if (found !== undefined)
    return [plain(` · ${SEVERITY_ICON[found.severity]} ${found.title.slice(0, FOUND)}`, 100)];
  return running ? [plain(" · checking")] : [];
}
