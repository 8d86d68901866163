import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import type { PostgresClient } from "./client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const Kept = z.object({
  /** Of sessions that are in no transaction now: advisory locks they go on holding. */
  advisoryLocks: z.int(),
  /** Sessions whose last statement was LISTEN or UNLISTEN. */
  listeners: z.int(),
  /** Temporary tables there are. */
  temporaryTables: z.int(),
  /** Sessions whose last statement was a SET of the session, PREPARE, or DECLARE … WITH HOLD, with one of them, masked to its first words. */
  settings: z.int(),
  prepared: z.int(),
  cursors: z.int(),
  /** Applications that did so, at most 10. */
  applications: z.array(z.string()).max(10),
  notSeen,
});
export type SessionState = z.infer<typeof Kept>;

// Of the connection's database, without diagbot's own session. SET LOCAL and SET TRANSACTION end with the transaction, as a pooler wants.
const KEPT = `WITH mine AS (
    SELECT pid, application_name AS app, state, lower(ltrim(query)) AS q, query FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'),
  odd AS (
    SELECT app, CASE
      WHEN q ~ '^(un)?listen\\M' THEN 'listen'
      WHEN q ~ '^prepare\\M' AND q !~ '^prepare\\s+transaction\\M' THEN 'prepare'
      WHEN q ~ '^declare\\M.*\\mwith\\s+hold\\M' THEN 'hold'
      WHEN q ~ '^set\\M' AND q !~ '^set\\s+(local|transaction|constraints)\\M' THEN 'set' END AS what FROM mine)
  SELECT
    (SELECT count(*) FROM pg_locks l JOIN mine m USING (pid) WHERE l.locktype = 'advisory' AND m.state = 'idle')::int AS advisory,
    (SELECT count(*) FROM odd WHERE what = 'listen')::int AS listen,
    (SELECT count(*) FROM odd WHERE what = 'prepare')::int AS prepare,
    (SELECT count(*) FROM odd WHERE what = 'hold')::int AS hold,
    (SELECT count(*) FROM odd WHERE what = 'set')::int AS set,
    (SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relkind IN ('r', 'p'))::int AS temporary,
    (SELECT count(*) FROM mine WHERE query = '<insufficient privilege>')::int AS hidden,
    ARRAY(SELECT DISTINCT app FROM odd WHERE what IS NOT NULL ORDER BY app LIMIT 10)::text[] AS apps`;

interface Row {
  readonly advisory: number;
  readonly listen: number;
  readonly prepare: number;
  readonly hold: number;
  readonly set: number;
  readonly temporary: number;
  readonly hidden: number;
  readonly apps: readonly string[];
}

/**
 * What sessions keep from one transaction to the next, as far as it can be seen now: none of it lives on behind a pooler that gives a
 * session out for a transaction only (trap k8s-set-env-pgbouncer). What a driver prepares by the protocol is not among it: nobody sees that of another session.
 */
export const sessionState = read({
  name: "postgres.session-state",
  title: "What sessions keep between transactions",
  input: z.object({}),
  output: Kept,
  run: (client, _input, context) =>
    client.read(context, async (sql) => {
      const [row] = await sql<Row>(KEPT);
      if (row === undefined) throw new DiagError("bad_output", "the server returned no row");
      const unseen: NotSeen[] =
        row.hidden === 0
          ? []
          : [
              {
                what: `statements of ${row.hidden} sessions`,
                why: "their text is hidden from diagbot's role",
                fix: "GRANT pg_read_all_stats (pg_monitor) to it",
              },
            ];
      return {
        ...{ advisoryLocks: row.advisory, listeners: row.listen, temporaryTables: row.temporary },
        ...{ settings: row.set, prepared: row.prepare, cursors: row.hold },
        applications: row.apps.map((app) => app.slice(0, 80)),
        ...(unseen.length === 0 ? {} : { notSeen: unseen }),
      };
    }),
});
