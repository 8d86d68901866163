import { AUTO_VIA } from "../../core/words/auto.ts";
import type { EscalationFacts, IncidentAnswer, LevelView, Ticket } from "../../core/words/escalation.ts";
import type { Damage } from "../../core/words/finding.ts";
import { present } from "../rows.ts";

/**
 * SQL: what the escalation of an incident `i` is decided on, as columns of `l`. A vote (on the card of another alert that one of its remedies follows, too), an answer, a cancel, a request for the
 * same system and a thread opened from its storm count as answers, if a person made them since it fires: the policy's vote is
 * nobody's, and what it has tried in vain waits for people as an open question does. Harm is what findings tell of that are not gone.
 */
export const ESCALATION_FACTS = `CROSS JOIN LATERAL (SELECT (SELECT count(*)::int FROM reopening o WHERE o.incident_id = i.id) AS turn,
    greatest(i.opened_at, (SELECT max(at) FROM reopening o WHERE o.incident_id = i.id)) AS since) t
  CROSS JOIN LATERAL (SELECT t.turn, t.since,
    (SELECT min(w.at) FROM (
       SELECT a.requested_at AS at FROM run r JOIN approval a ON a.run_id = r.id
         WHERE r.incident_id = i.id AND a.state = 'pending' AND a.expires_at > clock_timestamp()
       UNION ALL SELECT coalesce(m.ended_at, a.decided_at) FROM run r JOIN remedy m ON m.run_id = r.id
         JOIN approval a ON a.run_id = m.run_id AND a.remedy = m.key AND a.state = 'approved' AND a.decided_at >= t.since
         JOIN vote v ON v.approval_id = a.id AND v.via = '${AUTO_VIA}'
         WHERE r.incident_id = i.id AND m.status IN ('failed', 'errored', 'unknown', 'undone')) w) AS waiting_since,
    w.answered, w.answered_last,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', d.kind, 'since', d.since) ORDER BY d.since), '[]') FROM (
       SELECT f.damage AS kind, min(f.found_at) AS since FROM run r JOIN finding f ON f.run_id = r.id
       WHERE r.incident_id = i.id AND f.damage IS NOT NULL AND f.gone_at IS NULL AND f.found_at >= t.since GROUP BY f.damage) d) AS damage,
    (SELECT coalesce(jsonb_agg(to_jsonb(e) ORDER BY e.turn, e.level), '[]') FROM escalation e
     WHERE e.incident_id = i.id AND e.event = 'trigger') AS levels
  FROM (SELECT (array_agg(to_jsonb(s) ORDER BY s.how <> 'ack', s.at))[1] AS answered, max(s.at) AS answered_last FROM (
       SELECT n.how, n.by, n.words, n.at FROM incident_answer n WHERE n.incident_id = i.id AND n.turn = t.turn
       UNION ALL SELECT 'vote', v.principal, '', v.at FROM run r JOIN approval a ON a.run_id = r.id JOIN vote v ON v.approval_id = a.id
         WHERE r.incident_id = i.id AND v.at >= t.since AND v.via <> '${AUTO_VIA}'
       UNION ALL SELECT 'vote', v.principal, '', v.at FROM run r JOIN remedy f ON f.run_id = r.id
         JOIN approval a ON a.run_id = f.same_as_run AND a.remedy = f.same_as_key JOIN vote v ON v.approval_id = a.id
         WHERE r.incident_id = i.id AND v.via <> '${AUTO_VIA}' AND v.at >= t.since
       UNION ALL SELECT 'command', a.auto_stopped_by, '', a.auto_stopped_at FROM run r JOIN approval a ON a.run_id = r.id
         WHERE r.incident_id = i.id AND a.auto_stopped_at >= t.since
       UNION ALL SELECT 'vote', w.principal, '', w.at FROM run r JOIN answer w ON w.run_id = r.id
         WHERE r.incident_id = i.id AND w.at >= t.since
       UNION ALL SELECT 'command', r.cancel_requested_by, '', r.cancel_requested_at FROM run r
         WHERE r.incident_id = i.id AND r.cancel_requested_at >= t.since
       UNION ALL SELECT 'command', coalesce(r.caller ->> 'principal', r.caller ->> 'name'), '', r.created_at FROM run r
         WHERE r.system = i.system AND r.created_at >= t.since AND r.caller ->> 'via' IN ('slack', 'cli')
       UNION ALL SELECT 'command', 'somebody', '', h.unfolded_at FROM thread h
         WHERE h.id = i.thread_id AND h.unfolded_because = 'asked' AND h.unfolded_at >= t.since
       UNION ALL SELECT 'command', k.by, '', k.at FROM checklist_tick k WHERE k.incident_id = i.id AND k.at >= t.since
     ) s) w) l`;

/** A row with the columns of ESCALATION_FACTS; times also as JSON has them. */
export interface FactsRow {
  turn: number;
  since: Date | string;
  waiting_since: Date | string | null;
  answered: { how: IncidentAnswer["how"]; by: string; words: string; at: string } | null;
  answered_last: Date | string | null;
  damage: { kind: Damage; since: string }[];
  levels: LevelRow[];
}

interface LevelRow extends Pick<LevelView, "turn" | "level" | "target" | "because" | "state"> {
  at: string;
  said: string | null;
  damage: Damage | null;
  ticket: Ticket | null;
  reminded_at: string | null;
}

export const factsOf = ({ turn, since, levels, ...row }: FactsRow): EscalationFacts => ({
  turn,
  since: new Date(since),
  levels: levels.map((level) => ({
    turn: level.turn,
    level: level.level,
    target: level.target,
    because: level.because,
    state: level.state,
    at: new Date(level.at),
    ...present({
      said: level.said ?? undefined,
      damage: level.damage ?? undefined,
      ticket: level.ticket ?? undefined,
      remindedAt: moment(level.reminded_at),
    }),
  })),
  ...present({
    waitingSince: moment(row.waiting_since),
    answered: row.answered === null ? undefined : answerOf(row.answered),
    answeredLast: moment(row.answered_last),
    damage: row.damage.length === 0 ? undefined : row.damage.map(harmOf),
  }),
});

const moment = (at: Date | string | null): Date | undefined => (at === null ? undefined : new Date(at));
const harmOf = ({ kind, since }: FactsRow["damage"][number]) => ({ kind, since: new Date(since) });

const answerOf = ({ how, by, words, at }: NonNullable<FactsRow["answered"]>): IncidentAnswer => ({
  how,
  by,
  at: new Date(at),
  ...(words === "" ? {} : { words }),
});
