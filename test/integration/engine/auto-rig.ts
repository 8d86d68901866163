import { expect } from "vitest";
import { PrincipalId, type RunId } from "../../../src/core/words/ids.ts";
import { Limits } from "../../../src/core/words/limits.ts";
import { engineRig, type Rig } from "./rig.ts";

export const alert = { via: "alert" as const, name: "LevelHigh" };
export const person = { via: "cli" as const, name: "alice", principal: PrincipalId.parse("alice") };
/** A system that lets \`level.guarded\` go without a person. */
export const auto = (more: object = {}) => ({ auto: { "level.guarded": { upTo: "high", ...more } } });

/** To be called once per test file: a rig, and what its tests do with the policy. */
export function autoRig(label: string) {
  const rig: Rig = engineRig(label);

  /** An alert's run that has found the level too high. */
  async function proposed(
    caller: Parameters<typeof rig.bench.submit>[1] = { caller: alert },
  ): Promise<RunId> {
    rig.bench.world.value = 10;
    const run = await rig.bench.submit("level", caller);
    await rig.bench.engine.advance(run);
    return run;
  }

  /** The grace time is over. */
  const passGrace = (run: RunId) =>
    rig.bench.sql(
      "UPDATE approval SET auto_at = clock_timestamp() WHERE run_id = $1 AND auto_at IS NOT NULL",
      [run],
    );

  async function acted(run: RunId): Promise<RunId> {
    await passGrace(run);
    await rig.bench.engine.advance(run);
    return run;
  }

  const auditOf = async (event: string): Promise<{ actor: string; payload: object }[]> =>
    (
      await rig.bench.sql("SELECT actor, payload::jsonb AS payload FROM audit WHERE event = $1 ORDER BY id", [
        event,
      ])
    ).rows;

  /** Past everything the engine checks: the intent alone. */
  async function announced(run: RunId) {
    const { planSha256 = "" } = await rig.remedy(run);
    const claim = (await rig.bench.store.runs.claim(run, "direct", 5_000))!;
    return rig.bench.store.runs.announceWrite(claim.fence, {
      remedy: "guarded",
      step: "guarded/apply/1",
      planSha256,
      target: "t",
      timeoutMs: 1_000,
      isUndo: false,
      limits: Limits.parse({ writesPerSystemHour: 1_000 }),
    });
  }

  /** The policy has voted, nothing has begun. */
  async function carried(): Promise<RunId> {
    const run = await proposed();
    await passGrace(run);
    const claim = (await rig.bench.store.runs.claim(run, "votes", 5_000))!;
    expect(await rig.bench.store.runs.approveByPolicy(claim.fence, "guarded")).toBe("approved");
    await rig.bench.sql("UPDATE run SET lease_until = clock_timestamp() - interval '1 s' WHERE id = $1", [
      run,
    ]);
    return run;
  }
  return { rig, proposed, passGrace, acted, auditOf, announced, carried };
}
