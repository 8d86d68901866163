import type { KnownBlock } from "@slack/types";
import { count } from "../../core/words/format.ts";
import type { ScheduleView, ThreadView } from "../../core/words/view.ts";
import { context, fallback, header } from "../../slack/blocks.ts";
import { on } from "../text/dates.ts";
import type { WantedMessage } from "../wanted.ts";
import type { DrawOptions } from "./options.ts";
import { drawRunHead } from "./run-head.ts";

/**
 * Root of a thread of what a schedule finds: its newest run, how often it was found, and that it is over. Edited in place, so
 * that what stays as it is makes no noise.
 */
export function drawScheduleHead(
  schedule: ScheduleView,
  thread: ThreadView,
  options: DrawOptions,
): WantedMessage {
  const head = drawRunHead(schedule.newest, thread, options);
  const blocks = head.kind === "message" ? (head.blocks ?? []) : [];
  const over = schedule.next?.isFine === true ? `✅ Over: ${schedule.newest.title}` : undefined;
  return {
    ...head,
    ...(over === undefined ? {} : { text: fallback(`${over} (${schedule.newest.system})`) }),
    blocks: [
      ...(over === undefined ? blocks : [header(over), ...blocks.filter(({ type }) => type !== "header")]),
      ...drawCounter(schedule),
    ],
  };
}

function drawCounter({ times, since, newest, next }: ScheduleView): KnownBlock[] {
  const last = newest.startedAt ?? newest.createdAt;
  const said = [
    ...(times > 1 ? [`🔁 found in ${count(times, "run")} since ${on(since)}, last ${on(last)}`] : []),
    ...(next === undefined
      ? []
      : [
          next.isFine
            ? `nothing was found any more ${on(next.at)} (run #${next.run})`
            : `goes on in a new thread since ${on(next.at)} (run #${next.run})`,
        ]),
  ];
  return said.length === 0 ? [] : [context(...said)];
}
