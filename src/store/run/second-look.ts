import type { Fence, RunStore, SecondLook } from "../../core/ports/run-store.ts";
import { gravest } from "../../core/words/finding.ts";
import { withdraw } from "../human/withdraw.ts";
import type { Pool } from "../pool.ts";
import { type FencedTransaction, fenced, type OnCommit } from "./fence.ts";
import { type FindingRow, insertFindings, markExplained } from "./findings.ts";
import { asResult, insertRemedies, insertSteps, writeResults } from "./run-steps.ts";

/** Everything a second look has changed, at once: a worker that dies before it has changed nothing. */
export const secondLook = (deps: {
  pool: Pool;
  onCommit: OnCommit;
}): Pick<RunStore, "recordSecondLook" | "lookAgainLater"> => ({
  lookAgainLater: (fence, n, afterMs) =>
    fenced(deps, fence, async (tx) => {
      const { rowCount } = await tx.sql.query(
        `UPDATE run SET look_again_at = clock_timestamp() + make_interval(secs => $3)
         WHERE id = $1 AND look_again_n = $2`,
        [fence.run, n, afterMs / 1000],
      );
      if (rowCount === 1) tx.audit({ actor: fence.worker, event: "run.look-again-later", run: fence.run });
    }),
  recordSecondLook: (fence, look) =>
    fenced(deps, fence, async (tx) => {
      if (tx.run.cancelRequested) return;
      await tx.sql.query(
        `UPDATE run SET looked_again_at = $2, severity = coalesce($4, severity),
           look_again_at = CASE WHEN look_again_n = $3 THEN NULL ELSE look_again_at END WHERE id = $1`,
        [fence.run, look.at, look.n, gravest(look.findings.filter(({ gone }) => !gone)) ?? null],
      );
      await replaceChecks(tx, fence, look);
      await replaceFindings(tx, fence, look);
      await insertRemedies(tx, fence, look.added, { after: true });
      const { keys, because } = look.withdrawn;
      const withdrawn = await withdraw(tx, {
        run: fence.run,
        actor: fence.worker,
        as: "void",
        because,
        keys,
      });
      const replanned: string[] = [];
      for (const change of look.replanned) if (await planAgain(tx, fence, change)) replanned.push(change.key);
      const payload = {
        gone: look.findings.filter(({ gone }) => gone).map(({ id }) => id),
        there: look.findings.filter(({ gone }) => !gone).map(({ id, severity }) => ({ id, severity })),
        remedies: look.added.map(({ key, status }) => ({ key, status })),
        withdrawn,
        replanned,
      };
      tx.audit({ actor: fence.worker, event: "run.looked-again", run: fence.run, payload });
      tx.show({ urgent: withdrawn.length + replanned.length > 0 });
    }),
});

async function replaceChecks(
  tx: FencedTransaction,
  fence: Fence,
  { steps, explained }: SecondLook,
): Promise<void> {
  await tx.sql.query("DELETE FROM step WHERE run_id = $1 AND phase = 'diagnose'", [fence.run]);
  await insertSteps(tx, fence, steps);
  await writeResults(tx, fence, steps.map(asResult));
  await markExplained(tx, fence, explained);
}

/** What is gone keeps its words: they say what was there. */
async function replaceFindings(
  tx: FencedTransaction,
  fence: Fence,
  { findings, at }: SecondLook,
): Promise<void> {
  const { rows } = await tx.sql.query<{ id: string; gone_at: Date | null; found_at: Date | null }>(
    "DELETE FROM finding WHERE run_id = $1 RETURNING id, gone_at, found_at",
    [fence.run],
  );
  const wentBefore = new Map(rows.map(({ id, gone_at }) => [id, gone_at]));
  // What is still there has been there since then; what came back has not.
  const foundBefore = new Map(
    rows.map(({ id, gone_at, found_at }) => [id, gone_at === null ? found_at : null]),
  );
  const rowOf = ({ gone, ...finding }: SecondLook["findings"][number]): FindingRow => {
    const since = foundBefore.get(finding.id);
    const row = since == null ? finding : { ...finding, foundAt: since };
    return gone ? { ...row, goneAt: wentBefore.get(finding.id) ?? at } : row;
  };
  await insertFindings(tx, fence, findings.map(rowOf));
}

/** Back to the beginning, if it still stands as it was seen: a vote that was quicker keeps its plan. */
async function planAgain(
  tx: FencedTransaction,
  fence: Fence,
  { key, status, because }: SecondLook["replanned"][number],
): Promise<boolean> {
  const closed = await tx.sql.query(
    `UPDATE approval SET state = 'void', decided_at = clock_timestamp(), void_because = $3
     WHERE run_id = $1 AND remedy = $2 AND state = 'pending'`,
    [fence.run, key, JSON.stringify(because)],
  );
  if (status === "waiting" && closed.rowCount !== 1) return false;
  const { rowCount } = await tx.sql.query(
    `UPDATE remedy m SET status = 'planned', ended_at = NULL, note = $4, same_as_run = NULL, same_as_key = NULL WHERE run_id = $1 AND key = $2 AND status = $3
       AND NOT EXISTS (SELECT FROM step s JOIN attempt t ON t.run_id = s.run_id AND t.step = s.name
         WHERE s.run_id = m.run_id AND s.remedy = m.key)`,
    [fence.run, key, status, because.length === 0 ? null : `Planned again: ${because.join("; ")}`],
  );
  if (rowCount !== 1) return false;
  await tx.sql.query("DELETE FROM step WHERE run_id = $1 AND remedy = $2", [fence.run, key]);
  const actor = fence.worker;
  if (closed.rowCount === 1)
    tx.audit({ actor, event: "approval.void", run: fence.run, payload: { remedy: key, because } });
  tx.audit({ actor, event: "remedy.planned", run: fence.run, payload: { remedy: key, because } });
  return true;
}
