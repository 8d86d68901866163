import type { KnownBlock } from "@slack/types";
import { byUrgency, commonOf } from "../../core/rules/common-causes.ts";
import { HEAD_SLOT, STORM_FILE_SLOT, stormPageSlot } from "../../core/rules/slots.ts";
import { isCritical } from "../../core/words/alert.ts";
import { count } from "../../core/words/format.ts";
import type { StormGroup, StormView } from "../../core/words/storm.ts";
import {
  bold,
  bullets,
  context,
  fallback,
  header,
  newline,
  type Piece,
  plain,
  rich,
} from "../../slack/blocks.ts";
import { on } from "../text/dates.ts";
import type { WantedMessage } from "../wanted.ts";
import type { DrawOptions } from "./options.ts";
import { stormFile } from "./storm-file.ts";
import { stormLine } from "./storm-lines.ts";
import { SEVERITY_ICON } from "./words.ts";

/** Groups that the first message names one by one. */
const MOST_NAMED = 10;
const MOST_LEFT = 25;

/** A storm: its first message with what matters, its pages with a line per group, and a file of all once it is over. */
export function drawStorm(storm: StormView, { workspace }: DrawOptions): WantedMessage[] {
  const pages = new Map<number, StormGroup[]>();
  for (const group of storm.groups) pages.set(group.page, [...(pages.get(group.page) ?? []), group]);
  const live = storm.endedAt === undefined;
  return [
    drawHead(storm, workspace),
    ...[...pages].map(([page, groups]) => drawPage(page, groups, { live, workspace })),
    ...(live ? [] : [stormFile(storm, STORM_FILE_SLOT)]),
  ];
}

function drawPage(
  page: number,
  groups: readonly StormGroup[],
  { live, workspace }: { live: boolean; workspace: string | undefined },
): WantedMessage {
  const text = `${count(groups.length, "alert group")}: ${groups.map(({ title }) => title).join(", ")}`;
  return {
    slot: stormPageSlot(page),
    kind: "message",
    urgent: false,
    live,
    text: fallback(text),
    blocks: [rich(...joined(groups.map((group) => stormLine(group, workspace))))],
  };
}

function drawHead(storm: StormView, workspace: string | undefined): WantedMessage {
  const words = headlineOf(storm);
  const { groups, openedAt, endedAt } = storm;
  const firing = groups.filter(({ status }) => status === "firing").toSorted(byUrgency);
  return {
    slot: HEAD_SLOT,
    kind: "message",
    urgent: false,
    live: endedAt === undefined,
    text: fallback(words),
    blocks: [
      header(words),
      ...drawCommon(firing),
      ...drawNamed(firing, endedAt !== undefined, workspace),
      context(
        `since ${on(openedAt)}`,
        ...(endedAt === undefined ? [] : [`no new ones since ${on(endedAt)}`]),
        "every group has a line in this thread",
        `\`/diag open ${(firing[0] ?? groups[0])?.incident ?? 1}\` gives one its own thread, \`/diag storm critical\` lists some`,
      ),
    ],
  };
}

function headlineOf({ groups, endedAt }: StormView): string {
  const firing = groups.filter(({ status }) => status === "firing");
  const critical = firing.filter(({ severity }) => isCritical(severity)).length;
  const all = count(groups.length, "alert group");
  const gone = groups.length - firing.length;
  const ofThem = critical > 0 ? ` (${critical} critical)` : "";
  if (endedAt === undefined)
    return `⛈️ Alert storm: ${all}, ${firing.length} firing${ofThem}${gone > 0 ? `, ${gone} over` : ""}`;
  return firing.length === 0
    ? `✅ Alert storm over: all of ${all} have ended`
    : `🟠 Alert storm over: ${firing.length} of ${all} still fire${ofThem}, ${gone} ended`;
}

/** What many of them share: where to look first. */
function drawCommon(firing: readonly StormGroup[]): KnownBlock[] {
  const { findings, labels, systems } = commonOf(firing);
  const likely: Piece[][] = [
    ...findings.map(({ found, groups }) => [
      bold(`${SEVERITY_ICON[found.severity]} ${found.title.slice(0, 160)}`, 180),
      plain(` in ${count(groups, "group")} (${found.runbook})`, 120),
    ]),
    ...labels.map(({ name, value, groups }) => [
      plain(`${groups} of ${firing.length} have `, 40),
      bold(`${name.slice(0, 40)}=${value.slice(0, 80)}`, 130),
    ]),
  ];
  const where = systems
    .map(({ system, groups }) => `${system?.slice(0, 40) ?? "no system"} ${groups}`)
    .join(", ");
  return [
    ...(likely.length === 0 ? [] : [rich(bold("In common: ")), bullets(likely)]),
    ...(systems.length < 2 && systems[0]?.system === undefined
      ? []
      : [rich(bold("Systems: "), plain(where, 600))]),
  ];
}

function drawNamed(
  firing: readonly StormGroup[],
  isOver: boolean,
  workspace: string | undefined,
): KnownBlock[] {
  const worth = isOver ? firing : firing.filter(({ severity }) => isCritical(severity));
  const shown = worth.slice(0, isOver ? MOST_LEFT : MOST_NAMED);
  if (shown.length === 0) return [];
  const rest = worth.length - shown.length;
  return [
    rich(
      bold(isOver ? "Left:" : "Critical:"),
      newline,
      ...joined(shown.map((group) => stormLine(group, workspace))),
      ...(rest > 0 ? [newline, plain(`and ${rest} more`)] : []),
    ),
  ];
}

const joined = (lines: readonly (readonly Piece[])[]): Piece[] =>
  lines.flatMap((line, i) => (i === 0 ? [...line] : [newline, ...line]));
