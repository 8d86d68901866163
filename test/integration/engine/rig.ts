import { afterAll, beforeAll, beforeEach } from "vitest";
import type { RunId } from "../../../src/core/words/ids.ts";
import type { RemedyView, RunView } from "../../../src/core/words/view.ts";
import { openPool, type Pool } from "../../../src/store/index.ts";
import { freshDatabase } from "../../helpers/database.ts";
import { type Bench, bob, engineBench } from "../../helpers/engine-bench.ts";
import { until } from "../../helpers/until.ts";

export interface Rig {
  readonly pool: Pool;
  readonly bench: Bench;
  /** Another bench for the rest of this test: other policies, people or limits. */
  reopen(options: Parameters<typeof engineBench>[1]): void;
  view(run: RunId): Promise<RunView>;
  remedy(run: RunId, key?: string): Promise<RemedyView>;
  /** A run that has found the level too high and waits for approvals. */
  proposed(options?: { applyForMs?: number }): Promise<RunId>;
  /** A guarded write whose reply never came, put to a human. */
  unknown(): Promise<RunId>;
}

/** To be called once per test file: a database for the file and, before every test, a bench over it. */
export function engineRig(label: string): Rig {
  let pool: Pool;
  let drop: () => Promise<void>;
  let bench: Bench;

  beforeAll(async () => {
    const database = await freshDatabase(label);
    pool = openPool(database.url);
    drop = database.drop;
  });
  afterAll(async () => {
    await pool.end();
    await drop();
  });
  beforeEach(async () => {
    // What the test before left in the way of this one's writes.
    await pool.query(
      "DELETE FROM target_lock; DELETE FROM write_freeze; DELETE FROM auto_policy; DELETE FROM auto_act; DELETE FROM system_freeze; UPDATE approval SET act = NULL; UPDATE remedy SET same_as_act = NULL",
    );
    bench = engineBench(pool);
  });

  const view: Rig["view"] = async (run) => (await bench.store.reader.run(run))!;
  const remedy: Rig["remedy"] = async (run, key = "guarded") =>
    (await view(run)).remedies.find((candidate) => candidate.key === key)!;
  const proposed: Rig["proposed"] = async (options) => {
    const run = await bench.submit("level", options);
    await bench.engine.advance(run);
    return run;
  };
  return {
    get pool() {
      return pool;
    },
    get bench() {
      return bench;
    },
    reopen: (options) => {
      bench = engineBench(pool, options);
    },
    view,
    remedy,
    proposed,
    unknown: async () => {
      const run = await proposed();
      bench.world.next = ["never-arrives"];
      await bench.vote(run, "guarded", bob);
      await until(async () => {
        await bench.engine.advance(run);
        return (await remedy(run, "guarded")).status === "unknown";
      });
      return run;
    },
  };
}
