import type { ChangedThread } from "../../core/ports/message-store.ts";
import { HEAD_SLOT } from "../../core/rules/slots.ts";
import { isCritical } from "../../core/words/alert.ts";
import { NO_CHANNEL } from "../../core/words/channel.ts";
import { ThreadId } from "../../core/words/ids.ts";
import type { UnfoldedBecause } from "../../core/words/storm.ts";

export interface DirtyRow {
  id: number;
  rev: number;
  urgent: boolean;
  since: Date;
  channel: string;
  storm: number | null;
  unfolded: boolean;
  fired_again: boolean | null;
  severity: string | null;
  status: string | null;
  asked: boolean | null;
  found: boolean | null;
  running: boolean | null;
  posted: boolean;
  decides: boolean;
}

/** Changed threads with what is known of their incident and runs. A thread without either is a notice, or a storm. */
export const DIRTY = `
SELECT o.id, o.rev, o.urgent, o.since, t.channel, t.storm_id AS storm, t.unfolded_at IS NOT NULL AS unfolded,
  i.severity, i.status, r.asked, r.found, r.running,
  EXISTS (SELECT FROM slack_message m WHERE m.thread_id = o.id AND m.slot = '${HEAD_SLOT}') AS posted,
  t.storm_id IS NOT NULL AND t.unfolded_at IS NULL AND s.ended_at IS NOT NULL AND EXISTS (
    SELECT FROM reopening p WHERE p.incident_id = i.id AND p.at > s.ended_at) AS fired_again,
  t.storm_id IS NOT NULL AND t.unfolded_at IS NULL AND EXISTS (SELECT FROM remedy d JOIN run w ON w.id = d.run_id
    WHERE w.thread_id = o.id AND d.status IN ('waiting', 'unknown')) AS decides
FROM (SELECT id, rev, urgent, since FROM outbox WHERE kind = 'thread' AND not_before <= clock_timestamp()
  ORDER BY since DESC, id LIMIT $1) o
JOIN thread t ON t.id = o.id
LEFT JOIN storm s ON s.id = t.storm_id
LEFT JOIN incident i ON i.thread_id = o.id
LEFT JOIN LATERAL (SELECT bool_or(caller ->> 'via' = 'slack') AS asked, bool_or(severity = 'critical') AS found,
  bool_or(status IN ('queued', 'running', 'waiting')) AS running FROM run WHERE thread_id = o.id) r ON true`;

export function toChanged(row: DirtyRow): ChangedThread {
  const { rev, urgent, since, channel, severity, status, found } = row;
  const asked = row.asked === true;
  const isNotice = severity === null && row.asked === null;
  const unfold = unfoldOf(row);
  return {
    thread: ThreadId.parse(row.id),
    rev,
    urgent,
    since,
    asked,
    critical: isNotice || found === true || (severity !== null && isCritical(severity)),
    open: isNotice || status === "firing" || row.running === true,
    channel,
    unseen: severity !== null && !row.posted && row.storm === null && !asked && channel !== NO_CHANNEL,
    ...(row.storm === null || row.unfolded ? {} : { folded: unfold === undefined ? {} : { unfold } }),
  };
}

function unfoldOf({ asked, fired_again, decides }: DirtyRow): UnfoldedBecause | undefined {
  if (asked === true) return "asked";
  if (fired_again === true) return "fired-again";
  return decides ? "decision" : undefined;
}
