import type { Sql } from "../client.ts";
import { TWIN } from "../index-use.ts";
import { mayMaintain, owns } from "./table-facts.ts";

/** What is known of one index before anything is done to it. */
export interface IndexFacts {
  readonly oid: string;
  /** Quoted by the server, as are `table` and `definition`. */
  readonly name: string;
  readonly table: string;
  readonly tableOid: string;
  /** What builds it again, as pg_get_indexdef says it. */
  readonly definition: string;
  readonly isValid: boolean;
  /** Of a partition or of a partitioned table: it is part of another one. */
  readonly isPart: boolean;
  readonly isCatalog: boolean;
  readonly isUnique: boolean;
  /** It keeps a promise: primary key, constraint, exclusion, replica identity, the order of CLUSTER. */
  readonly isPromised: boolean;
  /** Somebody builds an index of its table now. */
  readonly isBuilding: boolean;
  readonly inRecovery: boolean;
  readonly bytes: number;
  readonly tableBytes: number;
  readonly scans: number;
  readonly mayDrop: boolean;
  readonly mayMaintain: boolean;
  /** Of its file: another one after a rebuild. */
  readonly file: string;
  /** Leftovers of a rebuild that did not get through (`<name>_ccnew`, `_ccold`), quoted by the server. */
  readonly leftovers: readonly string[];
}

const BLOCK = "current_setting('block_size')::int";

// Whose build it is is hidden from a role without pg_monitor; who builds, and what it locks, is not.
const FACTS = `SELECT x.oid::text AS oid, format('%I.%I', n.nspname, x.relname) AS name, format('%I.%I', tn.nspname, t.relname) AS "table",
    t.oid::text AS "tableOid", pg_get_indexdef(x.oid) AS definition, i.indisvalid AND i.indisready AS "isValid",
    x.relispartition OR x.relkind = 'I' AS "isPart", n.nspname IN ('pg_catalog', 'information_schema', 'pg_toast') AS "isCatalog",
    i.indisunique AS "isUnique",
    i.indisprimary OR i.indisexclusion OR i.indisreplident OR i.indisclustered
      OR EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = x.oid) AS "isPromised",
    EXISTS (SELECT FROM pg_stat_progress_create_index p JOIN pg_locks l ON l.pid = p.pid AND l.granted
      WHERE l.relation = i.indrelid) AS "isBuilding",
    pg_is_in_recovery() AS "inRecovery", x.relpages::float8 * ${BLOCK} AS bytes, t.relpages::float8 * ${BLOCK} AS "tableBytes",
    coalesce(s.idx_scan, 0)::float8 AS scans, ${owns("x")} OR pg_has_role(current_user, n.nspowner, 'USAGE') AS "mayDrop",
    ${owns("x")} OR ${mayMaintain("t")} AS "mayMaintain", x.relfilenode::text AS file,
    ARRAY(SELECT format('%I.%I', n.nspname, c.relname) FROM pg_index j JOIN pg_class c ON c.oid = j.indexrelid
      WHERE j.indrelid = i.indrelid AND NOT j.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
        AND (x.relname = regexp_replace(c.relname, '_cc(new|old)[0-9]*$', '') OR (octet_length(c.relname) >= 60
          AND starts_with(x.relname, regexp_replace(c.relname, '_cc(new|old)[0-9]*$', '')))) ORDER BY 1) AS leftovers
  FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace n ON n.oid = x.relnamespace
  JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
  LEFT JOIN pg_stat_all_indexes s ON s.indexrelid = x.oid
  WHERE format('%I.%I', n.nspname, x.relname) = $1`;

/** By its name as the server quotes it, with its schema; undefined: there is none. */
export const indexFacts = async (sql: Sql, name: string): Promise<IndexFacts | undefined> =>
  (await sql<IndexFacts>(FACTS, [name]))[0];

/** The index that is the same in all and stays; undefined: there is none. */
export const twinOf = async (sql: Sql, name: string): Promise<string | undefined> =>
  (await sql<{ by: string }>(TWIN, [name]))[0]?.by;

/** Why nothing is done to it from here, whatever it is; undefined: it may be. */
export function untouchable({
  name,
  isPart,
  isCatalog,
  inRecovery,
  isBuilding,
}: IndexFacts): string | undefined {
  if (inRecovery) return "this is a standby: indexes are built and dropped on its primary";
  if (isCatalog) return `${name} belongs to the system catalog`;
  if (isPart) return `${name} is part of the index of a partitioned table`;
  if (isBuilding) return `an index of its table is being built now`;
  return undefined;
}
