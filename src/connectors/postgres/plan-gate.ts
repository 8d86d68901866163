import type { Sql } from "./client.ts";
import { PLANNABLE } from "./statement-text.ts";

export interface Candidate {
  readonly id: string;
  readonly statement: string;
  /** search_path of the role that runs it. */
  readonly path: string;
  /** Why it is not planned; empty: it may be. */
  readonly refused: string;
}

/**
 * Statements by their id, with whether they may be planned. To plan is not to run, but Postgres evaluates immutable and
 * stable functions over constants while it plans, with the rights of the bot: a function that an ordinary role has written must
 * not be among them. Such a function is reached by its name in the statement, or through something that depends on it (a view,
 * an operator, a cast, an index, a policy).
 */
export const candidates = (sql: Sql, schema: string, ids: readonly string[]): Promise<Candidate[]> =>
  sql<Candidate>(
    `WITH s AS (
       SELECT DISTINCT ON (queryid) queryid::text AS id, query, userid FROM ${schema}.pg_stat_statements
       WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND queryid::text = ANY ($1::text[])
       ORDER BY queryid, calls DESC),
     f AS (
       SELECT p.oid, p.proname, EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid
           AND d.deptype <> 'i') AS used
       FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
       WHERE p.provolatile <> 'v' AND NOT r.rolsuper AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))
     SELECT a.id, a.query AS statement,
       replace(coalesce(
         (SELECT split_part(c, '=', 2) FROM pg_db_role_setting g, unnest(g.setconfig) c
          WHERE c LIKE 'search\\_path=%' AND g.setrole IN (a.userid, 0)
            AND g.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
          ORDER BY g.setrole DESC, g.setdatabase DESC LIMIT 1), '"$user", public'),
         '"$user"', quote_ident(coalesce((SELECT rolname FROM pg_roles WHERE oid = a.userid), 'public'))) AS path,
       CASE WHEN NOT ${PLANNABLE} THEN 'its text is no single plain SELECT, INSERT, UPDATE or DELETE'
         ELSE coalesce((SELECT 'planning could evaluate a function of an ordinary role, ' || left(f.proname, 63) FROM f
           WHERE f.used OR strpos(lower(a.query), lower(f.proname)) > 0 ORDER BY 1 LIMIT 1), '') END AS refused
     FROM s a ORDER BY array_position($1::text[], a.id)`,
    [ids],
  );
