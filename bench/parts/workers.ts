import type { Served } from "../../test/helpers/product.ts";
import { allEnded, type Bench, query } from "../bench.ts";
import { farStore } from "../far-store.ts";
import type { Row } from "../row.ts";

/** So far that two cores wait most of the time, also with three workers: what is shared then is the store, not the processor. */
const AWAY_MS = 50;
const WORKERS = 3;

/**
 * Runs a second with three workers against one, each as on a machine of its own: their store is 50 ms away, so that what they
 * share here, two cores, holds up neither. Counted from the first run's row to the end of the last.
 */
export async function workers(bench: Bench): Promise<Row[]> {
  const runs = bench.quick ? 6 : 200;
  const store = await farStore(bench.databaseUrl, AWAY_MS);
  const started: Served[] = [];
  const start = async () => {
    started.push(await bench.product.serve("worker", { DATABASE_URL: store.url }, "ready"));
  };
  try {
    await allEnded(bench);
    await start();
    await rate(bench, bench.quick ? 1 : 20);
    const one = await rate(bench, runs);
    while (started.length < WORKERS) await start();
    const three = await rate(bench, runs);
    return [
      {
        name: `runs with ${WORKERS} workers whose store is ${AWAY_MS} ms away`,
        unit: "a second",
        ours: three,
        baseline: { name: "with one of them", value: one },
        goal: { least: 2.5 },
      },
    ];
  } finally {
    for (const one of started) await one.stop();
    await store.stop();
  }
}

async function rate(bench: Bench, runs: number): Promise<number> {
  const [last] = await query<{ id: number }>(bench.databaseUrl, "SELECT coalesce(max(id), 0) AS id FROM run");
  let asked = 0;
  const ask = async (): Promise<void> => {
    while (asked < runs) {
      asked += 1;
      await bench.slack.command("U0ALICE", "C0OPS", "/diag", "bench few-steps");
    }
  };
  // An answer waits for the link to its thread: one after the other they would come more slowly than the runs end.
  await Promise.all(Array.from({ length: 64 }, ask));
  await allEnded(bench);
  const [took] = await query<{ seconds: number; ended: number }>(
    bench.databaseUrl,
    `SELECT extract(epoch FROM max(ended_at) - min(created_at))::float8 AS seconds, count(*)::int AS ended
     FROM run WHERE id > $1`,
    [last?.id ?? 0],
  );
  if (took?.ended !== runs) throw new Error(`${took?.ended ?? 0} of ${runs} runs were made`);
  return runs / took.seconds;
}
