import { canonical } from "../core/json.ts";
import type { JobKind } from "../core/ports.ts";
import { type Client, type Pool, toStoreError } from "./pool.ts";

/** One fact for the audit chain; `payload` is plain JSON without secrets. */
export interface AuditEntry {
  readonly actor: string;
  readonly event: string;
  readonly run?: number;
  readonly payload?: unknown;
}

/** A transaction with its audit and outbox rows: written together just before COMMIT, so the chain's lock is held briefly. */
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
    for (const { kind, id, urgent } of [...touched.values()].sort(byKindAndId))
      await touchRow(client, kind, id, urgent);
    for (const entry of entries) await appendAudit(client, entry);
    await client.query("COMMIT");
    return { value, touched: [...touched.values()] };
  } catch (error) {
    await client.query("ROLLBACK").catch((failure: Error) => {
      broken = failure;
    });
    throw toStoreError(error);
  } finally {
    client.release(broken);
  }
}

// Rows are locked in one order, so that two transactions touching the same subjects cannot deadlock.
const byKindAndId = (a: { kind: string; id: number }, b: { kind: string; id: number }) =>
  a.kind === b.kind ? a.id - b.id : a.kind < b.kind ? -1 : 1;

const touchRow = (client: Client, kind: JobKind, id: number, urgent: boolean) =>
  client.query(
    `INSERT INTO outbox (kind, id, urgent) VALUES ($1, $2, $3)
     ON CONFLICT (kind, id) DO UPDATE SET rev = outbox.rev + 1, urgent = outbox.urgent OR excluded.urgent,
       touched_at = now(), not_before = least(outbox.not_before, now())`,
    [kind, id, urgent],
  );

const appendAudit = (client: Client, { actor, event, run, payload }: AuditEntry) =>
  client.query("SELECT audit_append($1, $2, $3, $4)", [actor, event, run ?? null, canonical(payload ?? {})]);
