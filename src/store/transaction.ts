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

/** What the commit left in the outbox: to be dispatched by whoever has a queue. */
export interface Committed<T> {
  readonly value: T;
  readonly touched: readonly { kind: JobKind; id: number }[];
}

/**
 * Runs `work` in one transaction. Throws `store_unavailable` when the connection failed; then the caller must assume
 * that nothing was stored, and must not act on what it may have stored.
 */
export async function transact<T>(pool: Pool, work: (tx: Transaction) => Promise<T>): Promise<Committed<T>> {
  const client = await pool.connect().catch((error: unknown) => {
    throw toStoreError(error);
  });
  const entries: AuditEntry[] = [];
  const touched = new Map<string, { kind: JobKind; id: number; urgent: boolean }>();
  let broken: Error | undefined;
  try {
    await client.query("BEGIN");
    const value = await work({
      sql: client,
      audit: (entry) => void entries.push(entry),
      touch: (kind, id, { urgent = false } = {}) => {
        const before = touched.get(`${kind}/${id}`);
        touched.set(`${kind}/${id}`, { kind, id, urgent: urgent || before?.urgent === true });
      },
    });
    if (touched.size + entries.length > 0)
      await tell(client, [...touched.values()].sort(byKindAndId), entries);
    await client.query("COMMIT");
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

/** Outbox rows, then audit rows, in one statement. The audit rows get their place in the chain later: see `chainAudit`. */
const tell = (
  client: Client,
  rows: readonly { kind: JobKind; id: number; urgent: boolean }[],
  entries: readonly AuditEntry[],
) =>
  client.query(
    `WITH touched AS (
       INSERT INTO outbox (kind, id, urgent) SELECT * FROM unnest($1::text[], $2::int[], $3::boolean[])
       ON CONFLICT (kind, id) DO UPDATE SET rev = nextval('outbox_rev'), urgent = outbox.urgent OR excluded.urgent,
         touched_at = now(), not_before = least(outbox.not_before, now())
       RETURNING 1)
     INSERT INTO audit (at, actor, event, run_id, payload)
     SELECT date_trunc('milliseconds', clock_timestamp()), e.actor, e.event, e.run, e.payload FROM (SELECT count(*) FROM touched) AS first,
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
