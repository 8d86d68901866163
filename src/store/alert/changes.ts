import { type Change, type ChangeView, SHORTLY_BEFORE_MS } from "../../core/words/change.ts";
import { canonical } from "../../core/words/json.ts";
import { sha256 } from "../../lib/sha256.ts";
import type { Pool } from "../pool.ts";
import { present } from "../rows.ts";
import type { Transaction } from "../transaction.ts";

/** Changes of a system that are read at once. */
const MOST = 50;
/** Changes that an incident's thread shows. */
const MOST_SHOWN = 5;

/** One told twice is one: by its id on that system, else by all it says (then without a time of its own it is always new). */
const keyOf = (change: Change, now: Date): string =>
  sha256(
    change.id === undefined
      ? canonical({ ...change, at: change.at ?? now.toISOString() })
      : canonical({ system: change.system, id: change.id }),
  );

/** Notes changes down; threads of what fires on their systems are drawn anew. How many of them are new. */
export async function noteChanges(tx: Transaction, changes: readonly Change[]): Promise<number> {
  const now = new Date();
  const { rows } = await tx.sql.query<{ system: string }>(
    `INSERT INTO change (key, system, kind, title, at, by, link)
     SELECT key, system, kind, title, least(at, clock_timestamp()), by, link
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[])
       AS given (key, system, kind, title, at, by, link)
     ON CONFLICT (key) DO NOTHING RETURNING system`,
    [
      changes.map((change) => keyOf(change, now)),
      changes.map(({ system }) => system),
      changes.map(({ kind }) => kind),
      changes.map(({ title }) => title),
      changes.map(({ at }) => at ?? now.toISOString()),
      changes.map(({ by }) => by ?? null),
      changes.map(({ link }) => link ?? null),
    ],
  );
  const { rows: threads } = await tx.sql.query<{ thread_id: number }>(
    "SELECT thread_id FROM incident WHERE system = ANY ($1) AND status = 'firing' ORDER BY thread_id",
    [[...new Set(rows.map(({ system }) => system))]],
  );
  for (const { thread_id } of threads) tx.touch("thread", thread_id);
  return rows.length;
}

/** As jsonb or a row: times are texts there. */
export interface ChangeRow {
  readonly system: string;
  readonly kind: ChangeView["kind"];
  readonly title: string;
  readonly at: string | Date;
  readonly by: string | null;
  readonly link: string | null;
}

export const changeOf = ({ system, kind, title, at, by, link }: ChangeRow): ChangeView => ({
  ...{ system, kind, title, at: new Date(at) },
  ...present({ by, link }),
});

/** SQL: the newest changes of the incident `i`, from shortly before it began until it was over, as one jsonb. */
export const CHANGES_OF_INCIDENT = `(SELECT jsonb_agg(to_jsonb(c) ORDER BY c.at DESC) FROM (
  SELECT system, kind, title, at, by, link FROM change WHERE system = i.system
    AND at > i.opened_at - interval '${SHORTLY_BEFORE_MS / 1000} s' AND at <= coalesce(i.resolved_at, now())
  ORDER BY at DESC LIMIT ${MOST_SHOWN}) c)`;

/** Changes of one system since then, the newest first; at most 50. */
export async function readChanges(pool: Pool, system: string, since: Date): Promise<ChangeView[]> {
  const { rows } = await pool.query<ChangeRow>(
    `SELECT system, kind, title, at, by, link FROM change WHERE system = $1 AND at > $2 ORDER BY at DESC LIMIT ${MOST}`,
    [system, since],
  );
  return rows.map(changeOf);
}

/** Forgets what was told so long ago, a part at a time. */
export const pruneChanges = async (tx: Transaction, olderThanMs: number): Promise<void> => {
  await tx.sql.query(
    `DELETE FROM change WHERE id = ANY (ARRAY(SELECT id FROM change
       WHERE received_at < now() - make_interval(secs => $1) ORDER BY received_at LIMIT 1000))`,
    [olderThanMs / 1000],
  );
};
