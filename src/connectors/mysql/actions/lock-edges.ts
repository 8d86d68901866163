import type { NotSeen } from "../../../core/words/not-seen.ts";
import type { Here, Sql } from "../client.ts";
import { orUnseen } from "../unseen.ts";
import { numberIn, type Row, textIn } from "../values.ts";

/** One session waits for another. */
export interface Edge {
  readonly waiter: number;
  /** 0: a transaction prepared by XA, which no session owns. */
  readonly blocker: number;
  /** In words: `X lock on shop.orders (PRIMARY)`. */
  readonly lock: string;
  /** Seconds the wait has taken; null: not said. */
  readonly seconds: number | null;
}

const MOST = 500;

/** Waits for rows: INNODB_LOCK_WAITS, or performance_schema.data_lock_waits, which has taken its place in MySQL 8. */
export async function rowWaits(sql: Sql, here: Here): Promise<Edge[]> {
  const rows = await sql(isNewer(here) ? NEWER : OLDER);
  return rows.map((row) =>
    edgeOf(row, `${textIn(row, "mode", 30)} lock on ${tableName(row)}${indexName(row)}`),
  );
}

const isNewer = ({ flavour, version }: Here): boolean =>
  flavour === "mysql" && Number.parseInt(version, 10) >= 8;

const OLDER = `SELECT r.trx_mysql_thread_id AS waiter, b.trx_mysql_thread_id AS blocker, l.lock_table AS name,
    l.lock_index AS idx, l.lock_mode AS mode, TIMESTAMPDIFF(SECOND, r.trx_wait_started, NOW()) AS seconds
  FROM information_schema.INNODB_LOCK_WAITS w
  JOIN information_schema.INNODB_TRX r ON r.trx_id = w.requesting_trx_id
  JOIN information_schema.INNODB_TRX b ON b.trx_id = w.blocking_trx_id
  LEFT JOIN information_schema.INNODB_LOCKS l ON l.lock_id = w.requested_lock_id LIMIT ${MOST}`;

const NEWER = `SELECT r.trx_mysql_thread_id AS waiter, b.trx_mysql_thread_id AS blocker,
    CONCAT(l.OBJECT_SCHEMA, '.', l.OBJECT_NAME) AS name, l.INDEX_NAME AS idx, l.LOCK_MODE AS mode,
    TIMESTAMPDIFF(SECOND, r.trx_wait_started, NOW()) AS seconds
  FROM performance_schema.data_lock_waits w
  JOIN information_schema.INNODB_TRX r ON r.trx_id = w.REQUESTING_ENGINE_TRANSACTION_ID
  JOIN information_schema.INNODB_TRX b ON b.trx_id = w.BLOCKING_ENGINE_TRANSACTION_ID
  LEFT JOIN performance_schema.data_locks l ON l.ENGINE_LOCK_ID = w.REQUESTING_ENGINE_LOCK_ID LIMIT ${MOST}`;

const tableName = (row: Row): string => textIn(row, "name", 200).replaceAll("`", "") || "a table";
const indexName = (row: Row): string => {
  const index = textIn(row, "idx", 100);
  return index === "" ? "" : ` (${index})`;
};

const edgeOf = (row: Row, lock: string): Edge => ({
  waiter: numberIn(row, "waiter") ?? 0,
  blocker: numberIn(row, "blocker") ?? 0,
  lock,
  seconds: numberIn(row, "seconds"),
});

/**
 * Waits for metadata (a table's definition): who holds it is in performance_schema.metadata_locks, where that is on and its
 * instrument, too. Undefined: it cannot be seen. Whoever holds anything of the object counts as in the way.
 */
export async function metadataWaits(sql: Sql, unseen: NotSeen[]): Promise<Edge[] | undefined> {
  const rows = await orUnseen("who holds metadata locks", unseen, async () => {
    const [on] = await sql(
      `SELECT @@performance_schema AS enabled, (SELECT ENABLED FROM performance_schema.setup_instruments
         WHERE NAME = 'wait/lock/metadata/sql/mdl') AS instrument`,
    );
    return numberIn(on, "enabled") === 1 && textIn(on, "instrument") === "YES"
      ? await sql(METADATA)
      : undefined;
  });
  return rows?.map((row) =>
    edgeOf(row, `${textIn(row, "mode", 40)} metadata lock on ${textIn(row, "name", 200) || "everything"}`),
  );
}

const METADATA = `SELECT wt.PROCESSLIST_ID AS waiter, gt.PROCESSLIST_ID AS blocker, w.LOCK_TYPE AS mode,
    CONCAT_WS('.', w.OBJECT_SCHEMA, w.OBJECT_NAME) AS name, wt.PROCESSLIST_TIME AS seconds
  FROM performance_schema.metadata_locks w
  JOIN performance_schema.metadata_locks g ON g.OBJECT_TYPE = w.OBJECT_TYPE AND g.OBJECT_SCHEMA <=> w.OBJECT_SCHEMA
    AND g.OBJECT_NAME <=> w.OBJECT_NAME AND g.LOCK_STATUS = 'GRANTED' AND g.OWNER_THREAD_ID <> w.OWNER_THREAD_ID
  JOIN performance_schema.threads wt ON wt.THREAD_ID = w.OWNER_THREAD_ID
  JOIN performance_schema.threads gt ON gt.THREAD_ID = g.OWNER_THREAD_ID
  WHERE w.LOCK_STATUS = 'PENDING' AND wt.PROCESSLIST_ID <> CONNECTION_ID() AND gt.PROCESSLIST_ID <> CONNECTION_ID()
  LIMIT ${MOST}`;

/** Those whom the others wait for and who wait for nobody, by how many wait for them. Pure; a circle has no root. */
export function rootsOf(edges: readonly Edge[]): number[] {
  const waiters = new Set(edges.map(({ waiter }) => waiter));
  const behind = new Map<number, Set<number>>();
  for (const { waiter, blocker } of edges) {
    if (waiters.has(blocker)) continue;
    behind.set(blocker, (behind.get(blocker) ?? new Set()).add(waiter));
  }
  return [...behind].sort((a, b) => b[1].size - a[1].size || a[0] - b[0]).map(([id]) => id);
}
