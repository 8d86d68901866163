import { type Bench, query, slackEnvironment } from "../bench.ts";
import { startBaseline } from "../child.ts";
import { inTurn, type Row } from "../row.ts";

/** More than wait for the link to their thread: what waits for Slack costs nobody anything. */
const AT_ONCE = 64;

/** `/diag` that starts a run, until Slack has its acknowledgement; against Bolt and one add to a queue. No worker runs. */
export async function commands(bench: Bench): Promise<Row[]> {
  const { slack, doors, databaseUrl, redisUrl, quick } = bench;
  if (redisUrl === undefined) return [];
  const own = `${doors.url}/slack/events`;
  const baseline = await startBaseline("bolt-add.mjs", {
    ...slackEnvironment(bench),
    REDIS_URL: redisUrl,
  });
  const times = quick ? 20 : 300;
  /** So many commands, many at a time: how many a second. */
  const rate = async (url: string) => {
    slack.requestUrl = url;
    const begun = performance.now();
    let next = 0;
    const asking = async (): Promise<void> => {
      while (next < times) {
        next += 1;
        await slack.command("U0ALICE", "C0OPS", "/diag", "bench few-steps");
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, asking));
    return (1_000 * times) / (performance.now() - begun);
  };
  try {
    const runs = async () =>
      Number((await query<{ n: number }>(databaseUrl, "SELECT count(*) AS n FROM run"))[0]?.n);
    const figures = await inTurn(
      quick ? 1 : 5,
      async () => {
        const before = await runs();
        const figure = await rate(own);
        // A refusal would be a fast answer.
        const started = (await runs()) - before;
        if (started !== times) throw new Error(`${times} commands started ${started} runs`);
        return figure;
      },
      () => rate(`${baseline.url}/slack/events`),
    );
    return [
      {
        name: `commands that start a run, ${AT_ONCE} at a time`,
        unit: "a second",
        ours: figures.ours,
        baseline: { name: "Bolt + one add", value: figures.baseline },
        goal: { least: 0.5 },
        remark: "ten answers at a time wait up to 0.6 s for the link to their thread",
      },
    ];
  } finally {
    slack.requestUrl = own;
    await baseline.stop();
  }
}
