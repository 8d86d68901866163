import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { allEnded, type Bench, mean, timesOf } from "../bench.ts";
import { startBaseline } from "../child.ts";
import { TEN_QUESTIONS } from "../questions.ts";
import { inTurn, type Row } from "../row.ts";

/** A diagnosis of ten questions from its row to its end, against a shell script that asks the same by psql. */
export async function diagnosis(bench: Bench): Promise<Row[]> {
  const { databaseUrl, quick } = bench;
  await allEnded(bench);
  const times = quick ? 2 : 10;
  const script = async () => {
    const begun = performance.now();
    for (let n = 0; n < times; n += 1) await askByScript(databaseUrl);
    return (performance.now() - begun) / times;
  };
  const figures = await inTurn(
    quick ? 1 : 5,
    async () => mean(await timesOf(bench, "ten-questions", times)),
    script,
  );
  return [
    {
      name: "a diagnosis of ten questions",
      unit: "ms",
      ours: figures.ours,
      baseline: { name: "shell script with psql", value: figures.baseline },
      goal: { most: 1 / 8 },
    },
  ];
}

const SCRIPT = fileURLToPath(new URL("../baselines/ten-questions.sh", import.meta.url));

const askByScript = (url: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = execFile("sh", [SCRIPT, url], (error) => (error === null ? resolve() : reject(error)));
    child.stdin?.end(`${TEN_QUESTIONS.join("\n")}\n`);
  });

/** What one more step of a diagnosis costs, its question and its record included, against a job that does nothing. */
export async function steps(bench: Bench): Promise<Row[]> {
  const { redisUrl, quick } = bench;
  if (redisUrl === undefined) return [];
  await allEnded(bench);
  const baseline = await startBaseline("raw-jobs.mjs", { REDIS_URL: redisUrl });
  const jobs = quick ? 20 : 500;
  const times = quick ? 2 : 10;
  try {
    const figures = await inTurn(
      quick ? 1 : 5,
      async () =>
        (mean(await timesOf(bench, "many-steps", times)) - mean(await timesOf(bench, "few-steps", times))) /
        50,
      async () => ((await baseline.ask(jobs)) as { ms: number }).ms / jobs,
    );
    return [
      {
        name: "one more step of a diagnosis",
        unit: "ms",
        ours: figures.ours,
        baseline: { name: "a BullMQ job", value: figures.baseline },
        goal: { most: 3 },
      },
    ];
  } finally {
    await baseline.stop();
  }
}
