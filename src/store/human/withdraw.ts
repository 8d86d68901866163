import type { Transaction } from "../transaction.ts";

/** Nothing of these has begun: nobody needs to be asked about them any more, and nothing has to be taken back. */
const NOT_BEGUN = ["planned", "waiting", "approved"];

/**
 * Takes back what a run asks for and has not begun (`keys`: these remedies only): approvals become void with the reason, votes
 * no longer count. What has begun stays as it is. The caller holds the run's row lock, which every intent needs as well, so
 * a remedy is either withdrawn or begun. Returns the keys of what was withdrawn.
 */
export async function withdraw(
  tx: Pick<Transaction, "sql" | "audit">,
  {
    run,
    actor,
    as,
    because,
    keys,
  }: { run: number; actor: string; as: "cancelled" | "void"; because: string; keys?: readonly string[] },
): Promise<string[]> {
  const approvals = await tx.sql.query<{ remedy: string }>(
    `UPDATE approval SET state = 'void', decided_at = coalesce(decided_at, clock_timestamp()), void_because = $2
     WHERE run_id = $1 AND state IN ('pending', 'approved') AND remedy IN (SELECT key FROM remedy
       WHERE run_id = $1 AND status = ANY ($3) AND ($4::text[] IS NULL OR key = ANY ($4))) RETURNING remedy`,
    [run, JSON.stringify([because]), NOT_BEGUN, keys ?? null],
  );
  const { rows } = await tx.sql.query<{ remedy: string }>(
    `UPDATE remedy SET status = $2, note = $3, ended_at = clock_timestamp()
     WHERE run_id = $1 AND status = ANY ($4) AND ($5::text[] IS NULL OR key = ANY ($5)) RETURNING key AS remedy`,
    [run, as, because, NOT_BEGUN, keys ?? null],
  );
  const withdrawn = rows.map(({ remedy }) => remedy);
  await tx.sql.query(
    "UPDATE step SET state = 'cancelled' WHERE run_id = $1 AND remedy = ANY ($2) AND state = 'ready'",
    [run, withdrawn],
  );
  for (const { remedy } of approvals.rows)
    tx.audit({ actor, event: "approval.void", run, payload: { remedy, because: [because] } });
  for (const remedy of withdrawn)
    tx.audit({ actor, event: `remedy.${as}`, run, payload: { remedy, note: because } });
  return withdrawn;
}
