import type { KnownBlock } from "@slack/types";
import { sayDuration } from "../../core/words/duration.ts";
import type { IncidentView } from "../../core/words/view.ts";
import { bold, bullets, plain, rich, webLink } from "../../slack/blocks.ts";

/** What was changed on the system shortly before it began, and since: a hint where to look, never a cause. */
export function drawChanges({ changes = [], openedAt }: IncidentView): KnownBlock[] {
  if (changes.length === 0) return [];
  const items = changes.map(({ at, kind, title, by, link }) => {
    const ms = openedAt.getTime() - at.getTime();
    const when = ms >= 0 ? `${sayDuration(ms)} before it began` : `${sayDuration(-ms)} after it began`;
    const who = by === undefined ? "" : ` by ${by}`;
    return [
      plain(`${when}: ${kind === "other" ? "" : `${kind} `}${title}${who}`, 450),
      ...(link === undefined ? [] : [plain(" "), webLink(link, "more")]),
    ];
  });
  return [rich(bold("Changed lately")), bullets(items)];
}
