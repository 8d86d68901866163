// The rows are there and the queue is not: what was asked for is stored, and people are told what it waits for.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDispatcher, type QueueDispatcher } from "../../../src/queue/dispatcher.ts";
import { freePort } from "../../helpers/ports.ts";
import { until } from "../../helpers/until.ts";
import { type SlackBench, startSlackBench, textOf } from "./slack-bench.ts";
import { doorRig } from "./slack-rig.ts";

const rig = doorRig("queue_away");
const AWAY = /own queue does not answer/;

describe("with the queue away", () => {
  let queue: QueueDispatcher;
  let bench: SlackBench;
  beforeAll(async () => {
    const databaseUrl = `postgres://nobody@127.0.0.1:${await freePort()}/none`;
    queue = createDispatcher({ redisUrl: undefined, databaseUrl, prefix: "away" });
    bench = await startSlackBench("http", rig.pool, undefined, undefined, queue);
  });
  afterAll(async () => {
    await bench.stop();
    await queue.close();
  });

  it("a run is accepted, and said to start as soon as the queue answers", async () => {
    const before = await rig.count("run");
    const said = textOf(await bench.slack.command("U0ALICE", "C0OPS", "/diag", "orders service-health"));
    expect(said).toContain("the run is stored and starts by itself as soon as it does");
    expect(said).not.toMatch(/ECONN|redis|did not work|Not accepted/i);
    expect(Number(await rig.count("run"))).toBe(Number(before) + 1);
  });

  it("a vote counts, and is said not to be carried out yet", async () => {
    const { id, card } = await rig.waitingRemedy(bench, "remedy:approve");
    await bench.slack.click("U0BOB", card, "remedy:approve");
    await bench.slack.waitFor((slack) =>
      slack.ephemerals("U0BOB").find((shown) => /Not yet: .* the run goes on by itself/.test(textOf(shown))),
    );
    expect(await rig.approvalState(id)).toBe("approved");
  });

  it("what was not stored says nothing of the queue", async () => {
    expect(textOf(await bench.slack.command("U0ALICE", "C0OPS", "/diag", "orders nonsense"))).not.toMatch(
      AWAY,
    );
    expect(textOf(await bench.slack.command("U0ALICE", "C0OPS", "/diag", "status"))).not.toMatch(AWAY);
  });
});

it("with the queue there, nothing is said of it", async () => {
  const databaseUrl = rig.pool.options.connectionString ?? "";
  const queue = createDispatcher({ redisUrl: undefined, databaseUrl, prefix: "there" });
  const bench = await startSlackBench("http", rig.pool, undefined, undefined, queue);
  // It is made at the first job, which may take longer than an answer waits for it.
  await until(async () => (await queue.health()).ok);
  const said = textOf(await bench.slack.command("U0ALICE", "C0OPS", "/diag", "orders service-health"));
  expect(said).toMatch(/Queued as run/);
  expect(said).not.toMatch(AWAY);
  await bench.stop();
  await queue.close();
});
