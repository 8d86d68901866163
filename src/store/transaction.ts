import type { JobKind } from "../core/ports/queue.ts";
import { DiagError } from "../core/words/errors.ts";
import { canonical } from "../core/words/json.ts";
import { type Client, type Pool, toStoreError } from "./pool.ts";

/** One fact for the audit chain; `payload` is plain JSON without secrets. */
export interface AuditEntry {
  readonly actor: string;
  readonly event: string;
  readonly run?: number;
  readonly payload?: unknown;
}

/** A transaction with its audit and outbox rows: written together just before COMMIT. */
export interface Transaction {
  readonly sql: Client;
  audit(entry: AuditEntry): void;
  /** Somebody must look at this run or thread again. */
  touch(kind: JobKind, id: number, options?: { urgent?: boolean }): void;
}

/** How a transaction begins. */
export interface Opening {
  /** SQL without parameters or anything foreign in it, sent with BEGIN: locks, say. */
  readonly first?: string;
}

/** What the commit left in the outbox: to be dispatched by whoever has a queue. */
export interface Committed<T> {
  readonly value: T;
  readonly touched: readonly { kind: JobKind; id: number }[];
}

/**
 * Runs `work` in one transaction; `opened`: the rows of what it began with. Throws `store_unavailable` when the connection failed; then the caller must assume
 * that nothing was stored, and must not act on what it may have stored.
 */
export async function transact<T>(
  pool: Pool,
  work: (tx: Transaction, opened: readonly unknown[]) => Promise<T>,
  { first }: Opening = {},
): Promise<Committed<T>> {
  const client = await pool.connect().catch((error: unknown) => {
    throw toStoreError(error);
  });
  const entries: AuditEntry[] = [];
  const touched = new Map<string, { kind: JobKind; id: number; urgent: boolean }>();
  let broken: Error | undefined;
  try {
    // One message: where BEGIN is refused, what stands behind it is not carried out.
    const begun = await client.query(first === undefined ? "BEGIN" : `BEGIN; ${first}`);
    const tx: Transaction = {
      sql: client,
      audit: (entry) => void entries.push(entry),
      touch: (kind, id, { urgent = false } = {}) => {
        const before = touched.get(`${kind}/${id}`);
        touched.set(`${kind}/${id}`, { kind, id, urgent: urgent || before?.urgent === true });
      },
    };
    const value = await work(tx, [begun].flat().at(-1)?.rows ?? []);
    // Sent together: where telling fails, Postgres answers COMMIT with a rollback. Where no answer comes, what became of it is not
    // known, as of a COMMIT that is sent by itself.
    const told =
      touched.size + entries.length > 0
        ? tell(client, [...touched.values()].sort(byKindAndId), entries)
        : undefined;
    const [, ended] = await Promise.all([told, client.query("COMMIT")]);
    if (ended.command !== "COMMIT")
      throw new DiagError("bug", "a statement failed, so nothing of its transaction was stored");
    return { value, touched: [...touched.values()] };
  } catch (thrown) {
    const error = toStoreError(thrown);
    const isLost = error instanceof DiagError && error.code === "store_unavailable";
    // A connection that did not answer would not answer this either; without it Postgres rolls back by itself.
    if (isLost) broken = error;
    else
      await client.query("ROLLBACK").catch((failure: Error) => {
        broken = failure;
      });
    throw error;
  } finally {
    client.release(broken);
  }
}

// Rows are locked in one order, so that two transactions touching the same subjects cannot deadlock.
const byKindAndId = (a: { kind: string; id: number }, b: { kind: string; id: number }) =>
  a.kind === b.kind ? a.id - b.id : a.kind < b.kind ? -1 : 1;

/**
 * SQL: what a row of the outbox becomes that is there already. Each touch is a new revision, so that what was drawn from the
 * former one is drawn again.
 */
export const TOUCHED_AGAIN = `ON CONFLICT (kind, id) DO UPDATE SET rev = nextval('outbox_rev'),
  urgent = outbox.urgent OR excluded.urgent, touched_at = now(), not_before = least(outbox.not_before, now())`;

/** SQL: an audit row's time; the place in the chain comes later: see `chainAudit`. */
export const AUDIT_TIME = "date_trunc('milliseconds', clock_timestamp())";

/** Outbox rows, then audit rows, in one statement. */
const tell = (
  client: Client,
  rows: readonly { kind: JobKind; id: number; urgent: boolean }[],
  entries: readonly AuditEntry[],
) =>
  client.query(
    `WITH touched AS (
       INSERT INTO outbox (kind, id, urgent)
       SELECT t.kind, t.id, t.urgent FROM unnest($1::text[], $2::int[], $3::boolean[]) AS t (kind, id, urgent) ${TOUCHED_AGAIN}
       RETURNING 1)
     INSERT INTO audit (at, actor, event, run_id, payload)
     SELECT ${AUDIT_TIME}, e.actor, e.event, e.run, e.payload FROM (SELECT count(*) FROM touched) AS first,
       unnest($4::text[], $5::text[], $6::int[], $7::text[]) WITH ORDINALITY AS e (actor, event, run, payload, nth) ORDER BY nth`,
    [
      rows.map((row) => row.kind),
      rows.map((row) => row.id),
      rows.map((row) => row.urgent),
      entries.map((entry) => entry.actor),
      entries.map((entry) => entry.event),
      entries.map((entry) => entry.run ?? null),
      entries.map((entry) => canonical(entry.payload ?? {})),
    ],
  );
