import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPool, type Pool } from "../../../src/store/pool.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";
import { type SlackBench, startSlackBench, textOf } from "./slack-bench.ts";

export interface DoorRig {
  readonly pool: Pool;
  newestRun(): Promise<Record<string, unknown>>;
  count(table: string): Promise<number>;
  /** A remedy of a new run of `requester`'s that waits for approval, with its card posted and recorded. */
  waitingRemedy(
    bench: SlackBench,
    actionId: string,
    requester?: string,
    channel?: string,
  ): ReturnType<typeof insertWaitingRemedy>;
  approvalState(id: string): Promise<string>;
}

/** To be called once per test file: a database for the file, and what its tests ask it. */
export function doorRig(label: string): DoorRig {
  let database: FreshDatabase;
  let pool: Pool;
  beforeAll(async () => {
    database = await freshDatabase(label);
    pool = openPool(database.url);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });
  return {
    get pool() {
      return pool;
    },
    newestRun: async () => (await pool.query("SELECT * FROM run ORDER BY id DESC LIMIT 1")).rows[0],
    count: async (table) => (await pool.query(`SELECT count(*) AS n FROM ${table}`)).rows[0].n,
    waitingRemedy: (bench, ...more) => insertWaitingRemedy(pool, bench, ...more),
    approvalState: async (id) =>
      (await pool.query("SELECT state FROM approval WHERE id = $1", [id])).rows[0].state,
  };
}

/** The door as the tests of `describeDoor` meet it. */
interface OpenDoor {
  readonly bench: SlackBench;
  /** Waits for words that only that person sees. */
  ephemeral(user: string, words: RegExp): Promise<unknown>;
}

/** The same tests over HTTP and over Socket Mode: what holds here must hold there. */
export function describeDoor(rig: DoorRig, tests: (door: OpenDoor) => void): void {
  describe.each(["http", "socket"] as const)("the Slack door (%s)", (mode) => {
    let bench: SlackBench;
    beforeAll(async () => {
      bench = await startSlackBench(mode, rig.pool);
      if (mode === "socket") await bench.slack.waitFor((slack) => slack.connected === 2);
    });
    afterAll(() => bench.stop());
    tests({
      get bench() {
        return bench;
      },
      ephemeral: (user, words) =>
        bench.slack.waitFor(() => bench.slack.ephemerals(user).find((shown) => words.test(textOf(shown)))),
    });

    // Last, after all that the others made the door do.
    it("asks Slack once who we are", () => {
      expect(bench.slack.calls.filter(({ method }) => method === "auth.test")).toHaveLength(1);
    });
  });
}

async function insertWaitingRemedy(
  pool: Pool,
  bench: SlackBench,
  actionId: string,
  requester = "alice",
  channel = "C0OPS",
) {
  const id = randomBytes(16).toString("hex");
  const hash = "a".repeat(64);
  const { rows } = await pool.query(
    `WITH t AS (INSERT INTO thread (channel) VALUES ($1) RETURNING id)
     INSERT INTO run (thread_id, system, runbook, title, params, connections, caller, status)
     SELECT id, 'orders', 'pg-pool-exhausted', 'Pool', '{}', '{}', $2, 'waiting' FROM t RETURNING id, thread_id`,
    [
      channel,
      { via: "slack", name: "U0ALICE", principal: requester, slack: { team: "T0LOCAL", user: "U0ALICE" } },
    ],
  );
  const { id: run, thread_id: thread } = rows[0];
  const plan = {
    version: 1,
    run,
    system: "orders",
    runbook: "pg-pool-exhausted",
    remedy: "terminate",
    title: "Terminate",
    risk: "high",
    verifyWithin: "30s",
    undo: "none: clients reconnect",
    calls: [
      {
        action: "postgres.terminate-sessions",
        on: "main",
        input: { pids: [4711] },
        class: "guarded",
        risk: "high",
        target: "sessions",
        changes: ["terminate session 4711 (app orders, idle 22 min)"],
        witness: { at: 1 },
        timeoutSeconds: 10,
      },
    ],
  };
  await pool.query(
    "INSERT INTO remedy (run_id, key, ord, title, risk, status, plan, plan_sha256) VALUES ($1, 'terminate', 0, 'Terminate', 'high', 'waiting', $2, $3)",
    [run, JSON.stringify(plan), hash],
  );
  await pool.query(
    "INSERT INTO approval (id, run_id, remedy, plan_sha256, policy, requester, need, expires_at) VALUES ($1, $2, 'terminate', $3, $4, $5, 1, now() + interval '10 min')",
    [
      id,
      run,
      hash,
      { approvals: 1, from: ["oncall"], self: false, expires: 600_000, execute: 600_000, undo: "ask" },
      requester,
    ],
  );
  const card = await bench.postCard(actionId, id, channel);
  await pool.query(
    `INSERT INTO slack_message (thread_id, slot, channel, ts, state, digest, run_id, remedy)
     VALUES ($1, $2, $3, $4, 'sent', 'x', $5, 'terminate')`,
    [thread, `run/${run}/remedy/terminate`, card.channel, card.ts, run],
  );
  return { id, run, thread, card };
}
