import type { ActionContext, Preview, Probed, WriteContext } from "../../core/words/action.ts";
import { sayDuration } from "../../core/words/duration.ts";
import { DiagError } from "../../core/words/errors.ts";
import { count } from "../../core/words/format.ts";
import type { Json } from "../../core/words/json.ts";
import { type Backend, type BackendId, MAY_END, utc, WHOSE } from "./backend.ts";
import type { PostgresClient } from "./client.ts";

/** How sessions are signalled, and what must still be true of each in the very statement that signals it. */
export interface SignalKind {
  readonly verb: "terminate" | "cancel";
  /** SQL over `a` (pg_stat_activity), `w` (what was asked for) and $4. */
  readonly stillTrue: string;
  /** In words, for refusals: what `stillTrue` asks. */
  readonly inWords: string;
}

/** A session or statement to signal; `queryStartedAt` only where one statement is meant. */
export interface SignalTarget extends BackendId {
  readonly queryStartedAt?: string | undefined;
}

const WANTED = `wanted AS (SELECT * FROM unnest($1::int[], $2::text[], $3::text[]) AS w(pid, started, query_started))`;
const SAME = `JOIN wanted w ON w.pid = a.pid AND ${utc("a.backend_start")} = w.started`;
const MAY_SIGNAL = `(pg_has_role(current_user, 'pg_signal_backend', 'USAGE') OR pg_has_role(current_user, a.usesysid, 'USAGE'))`;

const parameters = (targets: readonly SignalTarget[], argument: number): unknown[] => [
  targets.map(({ pid }) => pid),
  targets.map(({ startedAt }) => startedAt),
  targets.map(({ queryStartedAt }) => queryStartedAt ?? ""),
  argument,
];

interface Candidate extends Backend {
  readonly isEligible: boolean;
  readonly isAllowed: boolean;
}

const look = (
  client: PostgresClient,
  kind: SignalKind,
  targets: readonly SignalTarget[],
  argument: number,
  context: ActionContext,
): Promise<Candidate[]> =>
  client.read(context, (sql) =>
    sql<Candidate>(
      `WITH ${WANTED} SELECT ${WHOSE}, coalesce(${MAY_END} AND ${kind.stillTrue}, false) AS "isEligible",
         ${MAY_SIGNAL} AS "isAllowed" FROM pg_stat_activity a ${SAME}
       WHERE $4::float8 IS NOT NULL ORDER BY a.backend_start, a.pid`,
      parameters(targets, argument),
    ),
  );

/** Whom it would hit now, and whose sessions they are: what the approval is bound to. */
export async function previewSignal(
  client: PostgresClient,
  kind: SignalKind,
  targets: readonly SignalTarget[],
  argument: number,
  context: ActionContext,
): Promise<Preview> {
  const present = await look(client, kind, targets, argument, context);
  const eligible = present.filter(({ isEligible }) => isEligible);
  const witness = {
    sessions: eligible.map(({ pid, startedAt, application, user, database, address }) => ({
      ...{ pid, startedAt, application, user, database, address },
    })),
  };
  const changes = eligible.map((session) => `${kind.verb} ${sayBackend(session)}`);
  if (present.length === 0)
    return { changes, witness, nothingToDo: "none of these sessions exists any more" };
  if (eligible.length === 0)
    return {
      changes,
      witness,
      refused: `no session qualifies: each must be ${kind.inWords}, and no superuser, replication, maintenance or bot session`,
    };
  if (!eligible.some(({ isAllowed }) => isAllowed))
    return {
      changes,
      witness,
      refused: "the bot's role may not signal these sessions: grant it pg_signal_backend",
    };
  return { changes, witness };
}

/** Only a session that is now somebody else's voids an approval; one that vanished or went to work is simply spared. */
export function signalDrift(then: Json, now: Json): string[] {
  const before = new Map(sessionsOf(then).map((session) => [keyOf(session), session]));
  return sessionsOf(now).flatMap((session) => {
    const approved = before.get(keyOf(session));
    if (approved === undefined) return [`session ${session.pid} was not in the approved list`];
    const moved = (["application", "user", "database", "address"] as const).filter(
      (field) => approved[field] !== session[field],
    );
    return moved.map((field) => `session ${session.pid}: ${field} ${approved[field]} -> ${session[field]}`);
  });
}

type Witnessed = Pick<Backend, "pid" | "startedAt" | "application" | "user" | "database" | "address">;
const sessionsOf = (witness: Json): Witnessed[] =>
  (witness as unknown as { sessions?: Witnessed[] } | null)?.sessions ?? [];
const keyOf = ({ pid, startedAt }: BackendId) => `${pid}/${startedAt}`;

/** Signals those of which all is still true, re-checked in the same statement. `target_refused`: none was, so nothing was done. */
export async function sendSignal(
  client: PostgresClient,
  kind: SignalKind,
  targets: readonly SignalTarget[],
  argument: number,
  context: WriteContext,
): Promise<{ signalled: BackendId[]; spared: number }> {
  const budgetMs = Math.min(5_000, context.remainingMs() - 500);
  if (budgetMs < 500)
    throw new DiagError("target_refused", "Postgres: too little time left, nothing was sent");
  const rows = await client.act<BackendId & { sent: boolean }>(
    context,
    budgetMs,
    `WITH ${WANTED}, eligible AS MATERIALIZED (
       SELECT a.pid, w.started FROM pg_stat_activity a ${SAME}
       WHERE $4::float8 IS NOT NULL AND ${MAY_END} AND ${MAY_SIGNAL} AND ${kind.stillTrue})
     SELECT pid, started AS "startedAt", pg_${kind.verb}_backend(pid) AS sent FROM eligible`,
    parameters(targets, argument),
  );
  const signalled = rows.filter(({ sent }) => sent).map(({ pid, startedAt }) => ({ pid, startedAt }));
  if (rows.length === 0)
    throw new DiagError(
      "target_refused",
      `Postgres: no session is ${kind.inWords} any more, nothing was done`,
    );
  return { signalled, spared: targets.length - signalled.length };
}

/** A session that is gone was ended by us or by itself: either way there is nothing left to do. */
export async function probeSignal(
  client: PostgresClient,
  kind: SignalKind,
  targets: readonly SignalTarget[],
  argument: number,
  context: ActionContext,
): Promise<Probed> {
  const present = await look(client, kind, targets, argument, context);
  const left = present.filter(({ isEligible }) => isEligible);
  const evidence = `${left.length} of ${count(targets.length, "approved session")} still ${kind.inWords}`;
  if (left.length === 0) return { verdict: "done", evidence };
  return { verdict: left.length === targets.length ? "not-done" : "unknown", evidence };
}

/** `session 4711: orders, idle for 22 min, app_user@10.0.0.7/shop`. What tells sessions apart stands first. */
export const sayBackend = (session: Backend): string =>
  `session ${session.pid}: ${session.application}, ${session.state}${session.stateSeconds === null ? "" : ` for ${sayDuration(Math.round(session.stateSeconds) * 1000)}`}, ${session.user}@${session.address}/${session.database}`;
