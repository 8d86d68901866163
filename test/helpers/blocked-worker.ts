// A worker whose loop is blocked for ever by a step of the given run. RUNS: numbers, the first may be the one that blocks.
import { z } from "zod";
import { RunId } from "../../src/core/words/ids.ts";
import { createLeaseKeeper, openPool } from "../../src/store/index.ts";
import { engineBench } from "./engine-bench.ts";

const env = z.object({ DATABASE_URL: z.string(), WORKER: z.string(), RUNS: z.string() }).parse(process.env);
const bench = engineBench(openPool(env.DATABASE_URL));
bench.world.block = () => {
  for (;;);
};
const leaseMs = 3_000;
const options = { databaseUrl: env.DATABASE_URL, worker: env.WORKER, leaseMs, silentMs: 1_000 };
const engine = bench.another(env.WORKER, { leaseMs, keeper: createLeaseKeeper(options) });
await Promise.all(env.RUNS.split(",").map((run) => engine.advance(RunId.parse(Number(run)))));
process.exit(0);
