import type { Entry } from "../../src/core/ports/intake.ts";
import { DiagError } from "../../src/core/words/errors.ts";
import { ApprovalId } from "../../src/core/words/ids.ts";
import type { Pool, Store } from "../../src/store/index.ts";
import { voters } from "./knowledge.ts";
import { fateOf } from "./random.ts";
import type { Ledger } from "./target.ts";

let entries = 0;
export const entry = (): Entry => ({
  source: "cli",
  dedupeKey: `rig-${process.pid}-${++entries}`,
  raw: "{}",
});

interface Pending {
  id: string;
  run_id: number;
  remedy: string;
  batch: number;
}

/** What the rig did behind diagbot's back; nothing of it may ever be executed. */
export interface Mischief {
  readonly denied: Set<string>;
  readonly tampered: Set<string>;
}

/** The people of the rig: they vote, twice and at once; deny; and answer truthfully what became of unknown writes. */
export function humans(deps: {
  store: Store;
  pool: Pool;
  ledger: Ledger;
  seed: number;
  mischief: Mischief;
  disturb: boolean;
}) {
  const { store, pool, mischief } = deps;
  const voted = new Set<string>();
  const subject = (pending: Pending) => `${pending.run_id}/${pending.remedy}`;

  const vote = async (pending: Pending): Promise<void> => {
    const approval = ApprovalId.parse(pending.id);
    const fate = deps.disturb ? fateOf(deps.seed, "vote", pending.batch, pending.remedy) : 1;
    if (fate < 0.06) {
      const veto = { approval, voter: voters[0], decision: "deny", reason: "no", via: "cli" } as const;
      await store.intake.castVote(entry(), veto).catch(ignoreRefusal);
      mischief.denied.add(subject(pending));
      return;
    }
    if (fate < 0.1) {
      await pool.query(
        "UPDATE remedy SET plan = replace(plan, '/1\"', '/tampered\"') WHERE run_id = $1 AND key = $2",
        [pending.run_id, pending.remedy],
      );
      mischief.tampered.add(subject(pending));
    }
    // Two last votes at once and one of them twice: still two votes.
    const casts = [voters[1], voters[2], voters[2]].map((voter) =>
      store.intake.castVote(entry(), { approval, voter, decision: "approve", via: "cli" }),
    );
    const ends = await Promise.allSettled(casts);
    for (const end of ends) if (end.status === "rejected" && !isRefusal(end.reason)) throw end.reason;
  };

  const answer = async ({ id, step_input }: { id: string; step_input: { item: string } }): Promise<void> => {
    const happened = (deps.ledger.applied.get(step_input.item) ?? 0) > 0;
    const request = {
      approval: ApprovalId.parse(id),
      voter: voters[0],
      answer: happened ? "happened" : "did-not",
      via: "cli",
    } as const;
    await store.intake.answer(entry(), request).catch(ignoreRefusal);
  };

  return {
    /** One look at everything that waits for a human. */
    look: async (): Promise<number> => {
      const { rows: pending } = await pool.query<Pending>(
        `SELECT a.id, a.run_id, a.remedy, (r.params->>'batch')::int AS batch FROM approval a JOIN run r ON r.id = a.run_id
         WHERE a.state = 'pending'`,
      );
      const decisions = pending.map(async (each) => {
        if (voted.has(each.id)) return;
        await vote(each);
        voted.add(each.id);
      });
      for (const end of await Promise.allSettled(decisions)) if (end.status === "rejected") throw end.reason;
      const { rows: open } = await pool.query<{ id: string; step_input: { item: string } }>(
        `SELECT a.id, s.input AS step_input FROM remedy m
         JOIN approval a ON a.run_id = m.run_id AND a.remedy = m.key AND a.state = 'approved'
         JOIN step s ON s.run_id = m.run_id AND s.remedy = m.key AND s.state = 'unknown' WHERE m.status = 'unknown'`,
      );
      for (const question of open) await answer(question);
      return open.length;
    },
  };
}

const isRefusal = (thrown: unknown): boolean =>
  thrown instanceof DiagError && ["not_allowed", "not_decidable", "drifted"].includes(thrown.code);
const ignoreRefusal = (thrown: unknown): void => {
  if (!isRefusal(thrown)) throw thrown;
};
