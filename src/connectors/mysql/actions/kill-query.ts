import { z } from "zod";
import { type ActionContext, actionsOn, type WriteContext } from "../../../core/words/action.ts";
import { sayDuration } from "../../../core/words/duration.ts";
import { clip } from "../../../core/words/format.ts";
import { beforeEffect, refused } from "../../before-effect.ts";
import type { MysqlClient } from "../client.ts";
import { isOrdinary, type Session, SessionId, sessionsWhere } from "./session-row.ts";
import { sessionsNow } from "./sessions-now.ts";

/** Which statement is meant: session, text without literals, and its number where the product has one. */
const Wanted = SessionId.extend({
  statement: z.string().min(1).max(300),
  /** Of MariaDB; null: the product gives none, and a start within two seconds has to agree. */
  queryId: z.number().nullable(),
  /** For how long it had run when it was seen, and when that was (ISO, diagbot's clock). */
  seconds: z.number().min(0),
  seenAt: z.iso.datetime({ offset: true }),
});
type Wanted = z.output<typeof Wanted>;

/** Rounding of two clocks in whole seconds, and of the way. */
const TOLERANCE_SECONDS = 3;

/** Whether the session still runs that statement. Pure. Exported for its test. */
export function runsStill(wanted: Wanted, now: Session | undefined, at: number): now is Session {
  if (now === undefined || now.statement !== wanted.statement) return false;
  if (wanted.queryId !== null || now.queryId !== null) return now.queryId === wanted.queryId;
  const begun = Date.parse(wanted.seenAt) / 1_000 - wanted.seconds;
  return Math.abs(at / 1_000 - now.seconds - begun) <= TOLERANCE_SECONDS;
}

const why = (now: Session): string | undefined =>
  now.spared !== null
    ? `session ${now.id} is left alone: ${now.spared}`
    : isOrdinary(now.statement)
      ? undefined
      : `it runs ${clip(now.statement, 60)}, which must not stop half-way: only statements that read or change rows are ended`;

/**
 * `KILL QUERY` of one statement, seen again just before: same session, text and number (MariaDB: by that number, so that no later
 * statement can be hit). The session lives on; what the statement has changed is rolled back, its transaction and locks stay.
 */
export const killQuery = actionsOn<MysqlClient>("mysql").write({
  name: "mysql.kill-query",
  title: "End a running statement",
  class: "guarded",
  risk: "high",
  input: Wanted,
  output: z.object({ id: z.int(), seconds: z.number() }),
  target: ({ id }) => `session/${id}`,
  preview: async (client, wanted, context) => {
    const now = await find(client, wanted, context);
    const { id, user, host, statement } = wanted;
    const witness = { id, user, host, statement, queryId: wanted.queryId, database: now?.database ?? "" };
    if (!runsStill(wanted, now, Date.now()))
      return { changes: [], witness, nothingToDo: "this statement has ended by itself" };
    const changes = [`end ${sayStatement(now)}`];
    const not = why(now);
    return not === undefined ? { changes, witness } : { changes, witness, refused: not };
  },
  run: async (client, wanted, context: WriteContext) => {
    const now = await beforeEffect(() => find(client, wanted, context));
    if (!runsStill(wanted, now, Date.now())) throw refused("the statement has ended");
    const not = why(now);
    if (not !== undefined) throw refused(not);
    if (wanted.queryId === null) await client.act(context, "KILL QUERY ?", [wanted.id]);
    else await client.act(context, "KILL QUERY ID ?", [wanted.queryId]);
    return { id: wanted.id, seconds: now.seconds };
  },
  probe: async (client, wanted, _witness, context) => {
    const now = await find(client, wanted, context);
    return runsStill(wanted, now, Date.now())
      ? { verdict: "not-done", evidence: `it runs for ${sayDuration(Math.round(now.seconds) * 1000)}` }
      : { verdict: "done", evidence: "the session does not run it any more" };
  },
  undo: "none: the client gets an error (1317) and may send it again; what it had changed was rolled back",
  settled: {
    within: "60s",
    check: ({ id }) => ({ left: sessionsNow({ ids: [id] }) }),
    holds: ({ left: { sessions } }, { statement, queryId }) =>
      !sessions.some((one) => one.statement === statement && one.queryId === queryId),
    figures: ({ left: { sessions } }, { id, statement }, output) =>
      sessions.some((one) => one.statement === statement)
        ? `session ${id} still runs it: what it has changed is being rolled back`
        : `a statement of session ${id}, which ran for ${sayDuration(Math.round(output?.seconds ?? 0) * 1000)}, has ended`,
  },
});

const find = async (client: MysqlClient, { id, user, host }: SessionId, context: ActionContext) => {
  const found = await client.read(context, (sql, here) =>
    sessionsWhere(sql, here, { where: "p.ID = ?", values: [id] }),
  );
  return found.find((one) => one.user === user && one.host === host);
};

/** `session 4711: shop@10.0.0.7:41234/orders, running for 40 s: select …`. What tells sessions apart stands first. */
const sayStatement = ({ id, user, host, database, seconds, statement }: Session): string =>
  clip(
    `session ${id}: ${user}@${host}${database === "" ? "" : `/${database}`}, running for ${sayDuration(Math.round(seconds) * 1000)}: ${statement}`,
    300,
  );
