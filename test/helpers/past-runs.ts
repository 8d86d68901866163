/** One session, or a pool of one: what is set for the filling is set there. */
interface Session {
  query(sql: string): Promise<unknown>;
}

/** So many finished runs of past months, each with an incident, as the product leaves them. Needs a superuser. */
export async function fillWithPast(session: Session, runs: number): Promise<void> {
  const PAST = "now() - interval '90 days' + n * interval '1 min'";
  await session.query("SET session_replication_role = replica; SET statement_timeout = 0");
  for (const sql of [
    `INSERT INTO thread (channel, created_at) SELECT 'C' || n % 40, ${PAST} FROM generate_series(1, ${runs}) n`,
    `INSERT INTO incident (thread_id, group_key, receiver, title, system, severity, status, opened_at, last_seen_at, resolved_at)
       SELECT n, 'old ' || n, 'r', 'Old', 'sys', 'warning', 'resolved', ${PAST}, ${PAST}, ${PAST} FROM generate_series(1, ${runs}) n`,
    `INSERT INTO alert_instance (labels_sha256, starts_at, incident_id, labels, annotations, status, ends_at, last_seen_at)
       SELECT md5(n::text), ${PAST}, n, '{}', '{}', 'resolved', ${PAST}, ${PAST} FROM generate_series(1, ${runs}) n`,
    `INSERT INTO escalation (incident_id, turn, level, event, target, because, state, ended_at, over_at)
       SELECT n, 0, 0, 'trigger', '{"webhook": "pager"}', 'severity', 'sent', now(), now() FROM generate_series(1, ${runs}, 2) n`,
    `INSERT INTO incident_answer (incident_id, turn, how, by) SELECT n, 0, 'ack', 'bob' FROM generate_series(1, ${runs}, 2) n`,
    `INSERT INTO checklist (incident_id, id, title, items, opened_by)
       SELECT n, 'triage', 'Triage', '[{"text":"Look","runbook":"level"}]', 'x' FROM generate_series(1, ${runs}, 2) n`,
    `INSERT INTO checklist_tick (incident_id, checklist, item, done, by) SELECT n, 'triage', 1, true, 'bob' FROM generate_series(1, ${runs}, 2) n`,
    `INSERT INTO postmortem (incident_id, n, by, markdown) SELECT n, 1, 'bob', '#' FROM generate_series(1, ${runs}, 4) n`,
    `INSERT INTO reopening (incident_id, n, announced) SELECT n, 1, false FROM generate_series(1, ${runs}, 5) n`,
    `INSERT INTO run (thread_id, incident_id, system, runbook, title, params, connections, caller, status, diagnosed, created_at, ended_at)
       SELECT n, n, 'sys', 'level', 'Old', '{}', '{"http": "api"}', '{"via": "alert", "name": "Old"}', 'succeeded', true, ${PAST}, ${PAST}
       FROM generate_series(1, ${runs}) n`,
    `INSERT INTO step (run_id, name, phase, stage, ord, action, title, effect, connection, input, state)
       SELECT n, s, 'diagnose', 0, 0, 'a', 't', 'read', 'api', '{}', 'succeeded' FROM generate_series(1, ${runs}) n, unnest(ARRAY['one', 'two']) s`,
    `INSERT INTO finding (run_id, ord, id, severity, title, because, evidence, remedies)
       SELECT n, 0, 'high', 'warning', 't', 'b', '[]', '[]' FROM generate_series(1, ${runs}) n`,
    `INSERT INTO remedy (run_id, key, ord, title, risk, status) SELECT n, 'guarded', 0, 't', 'high', 'succeeded' FROM generate_series(1, ${runs}) n`,
    `INSERT INTO approval (id, run_id, remedy, plan_sha256, policy, need, state, requested_at, expires_at)
       SELECT md5('a' || n), n, 'guarded', 'x', '{}', 1, 'approved', ${PAST}, ${PAST} FROM generate_series(1, ${runs}) n`,
    `INSERT INTO vote (approval_id, principal, decision, plan_sha256, via) SELECT md5('a' || n), 'bob', 'approve', 'x', 'slack' FROM generate_series(1, ${runs}) n`,
    `INSERT INTO answer (run_id, remedy, question, principal, answer, via) SELECT n, 'guarded', 'q', 'bob', 'keep', 'slack' FROM generate_series(1, ${runs}) n`,
    `INSERT INTO attempt (run_id, step, remedy, epoch, worker, effect_key, plan_sha256, started_at, deadline, outcome)
       SELECT n, 'one', 'guarded', 1, 'w', 'k', 'x', ${PAST}, ${PAST}, 'succeeded' FROM generate_series(1, ${runs}) n`,
    `INSERT INTO slack_message (thread_id, slot, channel, ts, state, digest)
       SELECT n, s, 'C' || n % 40, n || s, 'sent', 'd' FROM generate_series(1, ${runs}) n, unnest(ARRAY['head', 'run/1/findings']) s`,
    `INSERT INTO notice (thread_id, text) SELECT n, 't' FROM generate_series(1, ${runs}, 3) n`,
    `INSERT INTO storm (thread_id, channel, ended_at) SELECT n, 'C1', now() FROM generate_series(1, ${runs}, 10) n`,
    `INSERT INTO inbox (source, dedupe_key, raw, received_at) SELECT 'slack', 'old ' || n, '{}', now() - n * interval '20 s' FROM generate_series(1, ${runs}) n`,
    `INSERT INTO change (key, system, kind, title, at, received_at)
       SELECT 'old ' || n, 'sys', 'deploy', 't', ${PAST}, ${PAST} FROM generate_series(1, ${runs}, 2) n`,
    `INSERT INTO audit (at, actor, event, run_id, payload, seq, prev_hash, hash, version)
       SELECT ${PAST}, 'w', 'run.claimed', n, '{}', n, 'x', 'x', 2 FROM generate_series(1, ${runs}) n`,
    `UPDATE audit_head SET seq = ${runs}`,
  ])
    await session.query(sql);
  await session.query("SET session_replication_role = origin");
  await session.query("ANALYZE");
}
