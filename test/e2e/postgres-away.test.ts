// The whole product while its own Postgres is gone: what it says is the truth, and nothing of it is an error of its own.
import { expect, test } from "vitest";
import { z } from "zod";
import { startPostgres } from "../helpers/postgres-server.ts";
import { openProduct } from "../helpers/product.ts";
import { until } from "../helpers/until.ts";

const Health = z.object({
  status: z.string(),
  components: z.record(z.string(), z.object({ detail: z.string().optional() })),
});

test("with Postgres away, health says so, the log warns, and work goes on when it is back", async () => {
  const postgres = await startPostgres();
  const product = openProduct({ databaseUrl: postgres.url, config: { systems: {} } });
  try {
    const served = await product.serve("all");
    const health = () =>
      fetch(`${served.url}/health`).then(async (answer) => Health.parse(await answer.json()));
    const detail = async (name: string): Promise<string> => (await health()).components[name]?.detail ?? "";
    const hasSaid = (words: string, times = 1) => until(() => served.log().split(words).length > times);
    await until(async () => (await detail("workers")) === "1 worker");
    await postgres.pause();
    await until(async () => (await health()).status === "down");
    await hasSaid("sweep could not be made");
    // Also a worker that begins meanwhile: it is started until it can begin.
    process.kill(Number((await detail("worker")).replace("pid ", "")), "SIGKILL");
    await hasSaid("the worker process ended", 2);
    await postgres.start();
    await until(async () => (await health()).status === "ok");
    expect(served.log().match(/\{"level":[56]0.*/g)).toEqual([expect.stringContaining("SIGKILL")]);
  } finally {
    await product.close();
    await postgres.stop();
  }
});
