import { randomBytes } from "node:crypto";
import pg from "pg";
import { ThreadId } from "../../src/core/words/ids.ts";
import { migrate } from "../../src/store/migrate.ts";
import { openPool } from "../../src/store/pool.ts";
import { drawThread } from "../../src/thread/draw/thread.ts";
import { engineBench } from "../../test/helpers/engine-bench.ts";
import { fillWithPast } from "../../test/helpers/past-runs.ts";
import { deliverTo, notification } from "../../test/integration/ingress/alert-fixtures.ts";
import { inTurn, type Row } from "../row.ts";

/** What is done all the time, in a database with so many finished runs against one with a thousand. */
export async function growth(databaseUrl: string, quick: boolean): Promise<Row[]> {
  const sizes = quick ? [2_000] : [100_000, 1_000_000];
  const small = await filled(databaseUrl, quick ? 100 : 1_000);
  const rows: Row[] = [];
  try {
    for (const runs of sizes) {
      const large = await filled(databaseUrl, runs);
      try {
        for (const [name, work] of Object.entries(WORK)) {
          const figures = await inTurn(
            quick ? 1 : 9,
            () => timed(() => work(large)),
            () => timed(() => work(small)),
          );
          rows.push({
            name: `${name}, ${runs.toLocaleString("en")} runs`,
            unit: "ms",
            ours: figures.ours,
            baseline: { name: `${small.runs.toLocaleString("en")} runs`, value: figures.baseline },
            goal: { most: 1.2 },
          });
        }
      } finally {
        await large.drop();
      }
    }
    return rows;
  } finally {
    await small.drop();
  }
}

type Filled = Awaited<ReturnType<typeof filled>>;

async function filled(base: string, runs: number) {
  const name = `growth_${randomBytes(4).toString("hex")}`;
  const admin = async (sql: string) => {
    const client = new pg.Client({ connectionString: base });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await admin(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
  const url = new URL(base);
  url.pathname = `/${name}`;
  const pool = openPool(url.href);
  await migrate(pool);
  // Statements of the filling take longer than any of the product's own may.
  const filler = new pg.Client({ connectionString: url.href });
  await filler.connect();
  await fillWithPast(filler, runs);
  await filler.end();
  const drop = async () => {
    await pool.end();
    await admin(`DROP DATABASE ${name} WITH (FORCE)`);
  };
  return { runs, pool, bench: engineBench(pool), deliver: deliverTo(pool), drop };
}

let groups = 0;

/** Each many times over, so that the clock's grain and one slow answer do not decide. */
const WORK: Readonly<Record<string, (on: Filled) => Promise<void>>> = {
  "notification of a known group": async ({ deliver }) => {
    for (let n = 0; n < 20; n += 1)
      await deliver(notification([{ name: "known" }], { groupKey: "{}:known" }));
  },
  "notification of a new group": async ({ deliver }) => {
    for (let n = 0; n < 20; n += 1) {
      groups += 1;
      await deliver(notification([{ name: `new-${groups}` }], { groupKey: `{}:new-${groups}` }));
    }
  },
  "a run from its row to its end": async ({ bench }) => {
    for (let n = 0; n < 10; n += 1) await bench.engine.advance(await bench.submit("quiet"));
  },
  "drawing a thread": async ({ bench, runs }) => {
    for (let n = 0; n < 20; n += 1) {
      const view = await bench.store.reader.thread(ThreadId.parse(runs - n));
      if (view !== undefined) drawThread(view, { now: new Date(), people: [] });
    }
  },
  "one round of the sweeper": async ({ bench }) => {
    const { sweep } = bench.store;
    await sweep.dueRuns(100);
    await sweep.startDueRuns();
    await sweep.markStale(60_000);
    await sweep.unknownOutcomes();
    await sweep.backlog();
    await sweep.endOffers();
  },
};

async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
