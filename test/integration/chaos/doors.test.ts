import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { ApprovalId, RunId } from "../../../src/core/words/ids.ts";
import { DOOR_POINTS } from "../../../src/store/index.ts";
import { bundle } from "../../chaos/bundle.ts";
import type { Delivery } from "../../chaos/door.ts";
import { entry } from "../../chaos/human.ts";
import { voters } from "../../chaos/knowledge.ts";
import { request } from "../../chaos/rig.ts";
import { openTrial, type Trial } from "../../chaos/trial.ts";
import { until } from "../../helpers/until.ts";
import { openTrialDeps } from "./deps.ts";

/** Where the door is killed; `after_ack`: from outside, as soon as its sender has the acknowledgement. */
const POINTS = [...DOOR_POINTS, "after_ack"] as const;
type Point = (typeof POINTS)[number];

let deps: Awaited<ReturnType<typeof openTrialDeps>>;
let door: { path: string; remove(): void };
beforeAll(async () => {
  deps = await openTrialDeps(inject("redisUrl"));
  door = await bundle("door");
});
afterAll(async () => {
  door.remove();
  await deps.close();
});

/** Delivers one letter to a door that dies at the point. True: it was acknowledged before. */
async function deliver(trial: Trial, point: Point, delivery: Delivery): Promise<boolean> {
  const crash = point === "after_ack" ? {} : { CRASH_AT: `${point}:1` };
  const child = fork(door.path, [], {
    env: { ...process.env, ...trial.env, ...crash },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  await once(child, "message");
  const acked = new Promise<boolean>((resolve) => {
    child.once("message", (message: { ack: boolean }) => resolve(message.ack));
    child.once("exit", () => resolve(false));
  });
  child.send(delivery);
  const isAcked = await acked;
  if (point === "after_ack") child.kill("SIGKILL");
  await gone(child);
  expect(child.signalCode, "it died where it was meant to").toBe("SIGKILL");
  return isAcked;
}

const gone = (child: ChildProcess) => until(() => child.exitCode !== null || child.signalCode !== null);

const propose = async (trial: Trial, run: RunId): Promise<ApprovalId> =>
  ApprovalId.parse(
    await until(async () => {
      for (const due of await trial.store.sweep.dueRuns(10)) await trial.second.advance(due);
      return (await trial.store.reader.run(run))?.remedies[0]?.approval?.id;
    }),
  );

const count = async (trial: Trial, table: "run" | "vote" | "inbox"): Promise<number> =>
  (await trial.pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)).rows[0]?.n ?? 0;

describe.concurrent("a door dies while it takes a request", { timeout: 300_000 }, () => {
  test.for(POINTS.map((point, index) => ({ point, batch: 5_001 + 4 * index })))(
    "a run, killed $point: nothing acknowledged is lost, a second delivery makes no second run",
    async ({ point, batch }) => {
      const trial = await openTrial(deps);
      try {
        const letter = entry();
        const run = request({ batch, writes: 1, only: "guarded" });
        const isAcked = await deliver(trial, point, { letter, run });
        expect([isAcked, await count(trial, "run")]).toEqual([
          point === "after_ack",
          point === "before_commit" ? 0 : 1,
        ]);
        // What the sender does that heard nothing. One that was answered does not come again.
        if (!isAcked) await trial.store.intake.submitRun(letter, run);
        expect([await count(trial, "run"), await count(trial, "inbox")]).toEqual([1, 1]);
        // A rolled back insert has used a number up.
        const { rows } = await trial.pool.query<{ id: number }>("SELECT id FROM run");
        await trial.finish(RunId.parse(rows[0]?.id));
        expect(deps.target.ledger.applied.get(`${batch}/guarded/1`)).toBe(1);
      } finally {
        await trial.close();
      }
    },
  );

  test.for(POINTS.map((point, index) => ({ point, batch: 6_001 + 4 * index })))(
    "the last vote, killed $point: it counts once and the run goes on",
    async ({ point, batch }) => {
      const trial = await openTrial(deps);
      try {
        const run = await trial.ask(request({ batch, writes: 1, only: "guarded" }));
        const approval = await propose(trial, run);
        const vote = (voter: (typeof voters)[number]) =>
          ({ approval, voter, decision: "approve", via: "slack" }) as const;
        await trial.store.intake.castVote(entry(), vote(voters[0]));
        const letter = entry();
        const isAcked = await deliver(trial, point, { letter, vote: vote(voters[1]) });
        expect(await count(trial, "vote")).toBe(point === "before_commit" ? 1 : 2);
        if (!isAcked) await trial.store.intake.castVote(letter, vote(voters[1])).catch(() => {});
        expect(await count(trial, "vote")).toBe(2);
        // Nobody was told: the card and the run are found by their rows.
        const { rows } = await trial.pool.query<{ kind: string }>("SELECT kind FROM outbox ORDER BY kind");
        expect(rows.map(({ kind }) => kind)).toEqual(["run", "thread"]);
        await trial.finish(run);
        expect(deps.target.ledger.applied.get(`${batch}/guarded/1`)).toBe(1);
      } finally {
        await trial.close();
      }
    },
  );
});
