import { AUTO_VIA, AUTO_VOTER } from "../../core/words/auto.ts";
import type { Transaction } from "../transaction.ts";

type Tx = Pick<Transaction, "sql" | "audit">;

/** A remedy of a run, and what became of it. */
interface Ended {
  readonly run: number;
  readonly key: string;
  /** Its status, or `taken back`. */
  readonly how: string;
  readonly note?: string | undefined;
}

/** SQL: the remedy of these columns is carried by the policy's vote. */
const byPolicy = (run: string, key: string): string =>
  `EXISTS (SELECT FROM approval a JOIN vote v ON v.approval_id = a.id
    WHERE a.run_id = ${run} AND a.remedy = ${key} AND a.state = 'approved' AND v.via = '${AUTO_VIA}')`;

/** How something must not end that no person has decided on: it did not help, or nobody knows what it did. */
const BAD: Readonly<Record<string, string>> = {
  failed: "did not help",
  errored: "could not be seen to help",
  unknown: "may or may not have happened",
  "taken back": "was taken back",
};

/**
 * The health gate: what was applied without a person and did not hold turns the policy of its system off, in the transaction
 * that says so, until a person turns it on again.
 */
export async function gate(tx: Tx, ended: Ended): Promise<void> {
  if (!Object.hasOwn(BAD, ended.how)) return;
  const { rowCount } = await tx.sql.query(`SELECT WHERE ${byPolicy("$1", "$2")}`, [ended.run, ended.key]);
  if (rowCount === 1) await turnOff(tx, ended);
}

/** What the policy has begun and nobody has seen the end of: a run that breaks off turns it off, too. */
export async function begunByPolicy({ sql }: Tx, run: number): Promise<string[]> {
  const { rows } = await sql.query<{ key: string }>(
    `SELECT m.key FROM remedy m WHERE m.run_id = $1 AND m.status IN ('applying', 'verifying', 'undoing', 'unknown')
       AND ${byPolicy("m.run_id", "m.key")}`,
    [run],
  );
  return rows.map(({ key }) => key);
}

/** Off until a person turns it on; it says so where the remedy is shown. Nothing happens where it is off already. */
export async function turnOff(tx: Tx, { run, key, how, note }: Ended): Promise<void> {
  const because = `“${key}” of run #${run} ${BAD[how] ?? "broke off"}${note === undefined ? "" : `: ${note.slice(0, 300)}`}`;
  const { rows } = await tx.sql.query<{ system: string }>(
    `INSERT INTO auto_policy AS p (system, off_at, off_by, off_because)
     SELECT system, clock_timestamp(), $2, $3 FROM run WHERE id = $1
     ON CONFLICT (system) DO UPDATE SET off_at = excluded.off_at, off_by = excluded.off_by, off_because = excluded.off_because
       WHERE p.off_at IS NULL RETURNING system`,
    [run, AUTO_VOTER, because],
  );
  const [row] = rows;
  if (row === undefined) return;
  const { system } = row;
  await tx.sql.query(
    `UPDATE approval a SET auto_note = $3 FROM vote v
     WHERE a.run_id = $1 AND a.remedy = $2 AND v.approval_id = a.id AND v.via = '${AUTO_VIA}'`,
    [run, key, `the policy auto is off for ${system} now, until somebody says \`/diag auto on ${system}\``],
  );
  tx.audit({ actor: AUTO_VOTER, event: "auto.off", run, payload: { system, remedy: key, because } });
}
