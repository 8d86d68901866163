import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { LocalMessage } from "../../local/slack/types.ts";
import { isRunning } from "../helpers/processes.ts";
import { until } from "../helpers/until.ts";
import { CONFIGURED } from "./support/people.ts";
import { buttonsOf, textOf, threadOfRun } from "./support/read.ts";
import { openStage, PATIENCE_MS, type Stage } from "./support/stage.ts";
import { type Cache, cache, type Site, site } from "./support/targets.ts";

const NAMES = ["one", "two", "three"] as const;
const channelOf = (name: string): string => `C0${name.toUpperCase()}`;

interface RunRow {
  readonly id: number;
  readonly status: string;
  readonly pid: number | null;
}

describe.skipIf(inject("redisUrl") === undefined)("several workers, one of which is killed", () => {
  let stage: Stage;
  let caches: Cache[];
  let website: Site;

  beforeAll(async () => {
    [website, ...caches] = await Promise.all([site(), ...NAMES.map(() => cache())]);
    const systems = NAMES.map((name, at) => [
      name,
      { channel: channelOf(name), connections: { store: caches[at]?.connection } },
    ]);
    stage = await openStage({
      ...{ label: "workers", mode: "socket", queue: "redis", roles: ["ingress", "worker", "worker"] },
      channels: NAMES.map((name) => ({ id: channelOf(name), name })),
      config: {
        ...CONFIGURED,
        systems: {
          ...Object.fromEntries(systems),
          website: { connections: { web: website.connection }, thresholds: { p95Seconds: 20 } },
        },
      },
    });
  });
  afterAll(async () => {
    try {
      await stage?.close();
    } finally {
      await Promise.all([...(caches ?? []), website].map((target) => target?.stop()));
    }
  });

  const runRows = () =>
    stage.rows<RunRow>(
      "SELECT r.id, r.status, w.pid FROM run r LEFT JOIN worker w ON w.id = r.owner ORDER BY r.id",
    );
  const all = async (is: (row: RunRow) => boolean) => (await runRows()).every(is);

  it("every run ends, every approved remedy has one effect, no message is shown twice", async () => {
    for (const one of caches) await one.fill();
    const runs = await Promise.all(
      NAMES.map((name) => stage.run("U0ALICE", `${name} redis-memory`, channelOf(name))),
    );
    await Promise.all(Array.from({ length: 5 }, () => stage.run("U0ALICE", "website")));

    const [first, second] = stage.all.filter(({ role }) => role === "worker");
    const victim = await until(async () => {
      const busy = (await runRows()).find(({ status, pid }) => status === "running" && pid !== null);
      return [first, second].find((one) => one?.pid === busy?.pid);
    }, PATIENCE_MS);
    await victim.kill();
    const cards = await Promise.all(
      runs.map((run, at) => stage.card(run, "Let the cache evict", channelOf(NAMES[at] ?? ""))),
    );
    await until(() => all(({ status }) => ["waiting", "succeeded"].includes(status)), PATIENCE_MS);

    // The next one dies between its first effect and the record of it.
    const survivor = victim === first ? second : first;
    await survivor?.stop();
    const doomed = await stage.product.serve("worker", { CRASH_AT: "after_effect:1" });
    for (const card of cards) await stage.click("U0BOB", card, "remedy:approve");
    await until(() => !isRunning(doomed.pid), PATIENCE_MS);
    await stage.product.serve("worker");
    for (const [at, run] of runs.entries()) await endRun(run, at);

    await until(() => all(({ status }) => status === "succeeded"), PATIENCE_MS);
    expect(await Promise.all(caches.map((one) => one.effects()))).toEqual([1, 1, 1]);
    const attempts = await stage.rows("SELECT run_id, outcome FROM attempt ORDER BY run_id");
    expect(attempts).toEqual(
      runs.toSorted((a, b) => a - b).map((run_id) => ({ run_id, outcome: "succeeded" })),
    );
    expect(stage.product.logs()).not.toMatch(/"level":[56]0/);
  });

  /** People say what they know where the machine cannot find out, until the run ends. */
  async function endRun(run: number, at: number): Promise<void> {
    const channel = channelOf(NAMES[at] ?? "");
    const isAsked = (message: LocalMessage) =>
      buttonsOf(message).some(({ actionId }) => actionId === "remedy:happened");
    const hasEnded = (shown: readonly LocalMessage[]) => textOf(shown).includes(`Run ${run} has ended`);
    const shown = await stage.thread(run, (all) => all.some(isAsked) || hasEnded(all), channel);
    const question = shown.find(isAsked);
    if (question !== undefined) await stage.click("U0BOB", question, "remedy:happened");
    await stage.thread(run, hasEnded, channel);
    const keys = threadOfRun(stage.slack, channel, run).map(({ metadata }) => metadata?.event_payload.k);
    expect(new Set(keys).size).toBe(keys.length);
  }
});
