import { WebClient } from "@slack/web-api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunId } from "../../../src/core/ids.ts";
import type { MessageStore } from "../../../src/core/ports.ts";
import { until } from "../../helpers/until.ts";
import { PLAN, SERIES } from "../../unit/thread/views.ts";
import { type Bench, CHANNEL, openBench } from "./bench.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench("thread");
});
afterEach(() => bench.close());

const quiet = () => until(() => bench.isQuiet());
const approvalId = "0123456789abcdef0123456789abcdef";

/** The run has found something and waits for an approval. */
async function findAndPropose(run: RunId): Promise<void> {
  await bench.pool.query("UPDATE run SET status = 'waiting', diagnosed = true WHERE id = $1", [run]);
  await bench.pool.query(
    `INSERT INTO finding (run_id, ord, id, severity, title, because, evidence, remedies)
     VALUES ($1, 0, 'full', 'critical', '97 of 97 connections in use', 'idle clients', $2, '["terminateIdle"]')`,
    [run, JSON.stringify([SERIES])],
  );
  await bench.pool.query(
    `INSERT INTO remedy (run_id, key, ord, title, risk, status, plan, plan_sha256)
     VALUES ($1, 'terminateIdle', 0, 'Terminate idle sessions', 'high', 'waiting', $2, 'ab')`,
    [run, JSON.stringify(PLAN)],
  );
  await bench.pool.query(
    `INSERT INTO approval (id, run_id, remedy, plan_sha256, policy, need, expires_at)
     VALUES ($1, $2, 'terminateIdle', 'ab', $3, 1, now() + interval '30 min')`,
    [
      approvalId,
      run,
      JSON.stringify({ approvals: 1, from: ["oncall"], self: false, expires: 1, execute: 1, undo: "ask" }),
    ],
  );
}

const expectOneEach = (slots: readonly string[]) => {
  const shown = bench.bySlot();
  expect([...shown.keys()].sort()).toEqual([...slots].sort());
  for (const [slot, messages] of shown) expect({ slot, times: messages.length }).toEqual({ slot, times: 1 });
};

const callsOf = (method: string) => bench.slack.calls.filter((call) => call.method === method);

describe("a thread", () => {
  it("is posted, edited in place and remembered", async () => {
    const { thread, run } = await bench.openThread();
    const sender = bench.sender();
    sender.start();
    await quiet();
    expectOneEach([`${thread}/head`]);
    await findAndPropose(run);
    await bench.touch(thread, true);
    sender.wake();
    await quiet();
    const slots = [
      `${thread}/head`,
      `${thread}/run/${run}/findings`,
      `${thread}/run/${run}/remedy/terminateIdle`,
      `file:run-${run}-plot-1.png`,
    ];
    expectOneEach(slots);
    const head = bench.bySlot().get(`${thread}/head`)?.[0];
    expect(head?.text).toContain("97 of 97");
    expect(head?.edited).toBeDefined();
    const card = bench.bySlot().get(`${thread}/run/${run}/remedy/terminateIdle`)?.[0];
    expect(JSON.stringify(card?.blocks)).toContain(approvalId);
    const { rows } = await bench.pool.query("SELECT ts FROM slack_message WHERE slot LIKE '%/remedy/%'");
    expect(rows).toEqual([{ ts: card?.ts }]);
    const order = bench.slack
      .messages(CHANNEL, { thread: head?.ts ?? "" })
      .map(({ files, metadata }) =>
        files === undefined ? (metadata?.event_payload as { k: string } | undefined)?.k : "file",
      );
    expect(order).toEqual([...slots.slice(0, 3), "file"]);
  });

  it("is not touched again when nothing it shows has changed", async () => {
    const { thread } = await bench.openThread();
    const sender = bench.sender();
    sender.start();
    await quiet();
    const before = bench.slack.calls.length;
    await bench.touch(thread);
    sender.wake();
    await quiet();
    expect(bench.slack.calls.length).toBe(before);
  });

  it("gets only the newest state of many changes", async () => {
    const { thread, run } = await bench.openThread();
    const sender = bench.sender({ progressIntervalMs: 300 });
    sender.start();
    await quiet();
    for (let i = 0; i < 30; i++) {
      await bench.pool.query("UPDATE run SET title = $2 WHERE id = $1", [run, `state ${i}`]);
      await bench.touch(thread);
      sender.wake();
    }
    await quiet();
    expect(bench.bySlot().get(`${thread}/head`)?.[0]?.text).toContain("state 29");
    expect(callsOf("chat.update").length).toBeLessThan(6);
  });
});

describe("when Slack's answer does not come", () => {
  for (const fault of ["lostReply", "status", "internal_error"] as const) {
    it(`${fault}: one visible message per slot`, async () => {
      const { thread, run } = await bench.openThread();
      await findAndPropose(run);
      const kind =
        fault === "lostReply"
          ? { kind: fault }
          : fault === "status"
            ? { kind: fault, status: 502 }
            : { kind: "error" as const, error: fault };
      bench.slack.faults.add({ method: "chat.postMessage", times: 3, ...kind });
      bench.slack.faults.add({ method: "files.completeUploadExternal", times: 1, ...kind });
      bench.slack.faults.add({ method: "chat.update", times: 1, ...kind });
      bench.sender().start();
      await quiet();
      expectOneEach([
        `${thread}/head`,
        `${thread}/run/${run}/findings`,
        `${thread}/run/${run}/remedy/terminateIdle`,
        `file:run-${run}-plot-1.png`,
      ]);
    });
  }

  it("adopts a post that arrives after the time limit", async () => {
    const { thread } = await bench.openThread();
    bench.slack.faults.add({ method: "chat.postMessage", kind: "delay", delayMs: 250 });
    bench.sender({ timeoutMs: 150, settleMs: 200, rereadMs: 100 }).start();
    await quiet();
    expectOneEach([`${thread}/head`]);
  });

  it("finds the post whose row could not be written", async () => {
    const { thread } = await bench.openThread();
    let broken = 0;
    const store: MessageStore = {
      ...bench.store,
      sent: async (...args) => {
        broken += 1;
        if (broken === 1) throw new Error("connection lost before COMMIT");
        await bench.store.sent(...args);
      },
    };
    bench.sender({}, store).start();
    await quiet();
    expect(broken).toBe(2);
    expectOneEach([`${thread}/head`]);
    expect(callsOf("chat.postMessage")).toHaveLength(1);
  });

  it("a sender that was cut off in the middle of a post leaves no second message to its successor", async () => {
    const { thread } = await bench.openThread();
    bench.slack.faults.add({ method: "chat.postMessage", kind: "delay", delayMs: 350 });
    let hasArrived = false;
    const first = bench.sender(
      {},
      {
        ...bench.store,
        sent: async () => {
          hasArrived = true;
          throw new Error("this sender is dead");
        },
      },
    );
    first.start();
    await until(async () => (await bench.store.shown(thread)).some(({ state }) => state === "sending"));
    await first.stop(0);
    bench.sender().start();
    await quiet();
    await until(() => hasArrived);
    expectOneEach([`${thread}/head`]);
  });

  it("posts what a dead sender only meant to post", async () => {
    const { thread } = await bench.openThread();
    await bench.store.sending(thread, "head", CHANNEL, "digest", 0);
    bench.sender({ timeoutMs: 100, settleMs: 50 }).start();
    await quiet();
    expectOneEach([`${thread}/head`]);
  });
});

describe("two senders at once", () => {
  it("show every slot once", async () => {
    const threads = await Promise.all(Array.from({ length: 12 }, () => bench.openThread()));
    for (const sender of [bench.sender(), bench.sender()]) sender.start();
    await quiet();
    await until(() => bench.bySlot().size === threads.length);
    expectOneEach(threads.map(({ thread }) => `${thread}/head`));
  });
});

describe("budgets", () => {
  it("space the posts of a channel and let other channels go on", async () => {
    for (let i = 0; i < 4; i++) await bench.openThread();
    await bench.openThread("C0OTHER");
    const sender = bench.sender({ postIntervalMs: 300 });
    sender.start();
    await quiet();
    const times = (channel: string) =>
      callsOf("chat.postMessage")
        .filter(({ args }) => args.channel === channel)
        .map(({ at }) => at);
    const ops = times(CHANNEL);
    expect(ops).toHaveLength(4);
    for (const [i, at] of ops.entries()) if (i > 0) expect(at - (ops[i - 1] ?? 0)).toBeGreaterThan(250);
    expect((times("C0OTHER")[0] ?? Number.POSITIVE_INFINITY) - (ops[0] ?? 0)).toBeLessThan(250);
  });

  it("do not let a thread that waits for its first post be drawn again and again", async () => {
    const drawn: number[] = [];
    let asked = 0;
    const counting: MessageStore = {
      ...bench.store,
      dirty: (limit) => bench.store.dirty(limit).finally(() => void asked++),
      shown: (thread) => bench.store.shown(thread).finally(() => void drawn.push(thread)),
    };
    for (let i = 0; i < 3; i++) await bench.openThread();
    const { thread, run } = await bench.openThread();
    const sender = bench.sender({ postIntervalMs: 500 }, counting);
    sender.start();
    await until(() => drawn.includes(thread));
    for (let i = 0; i < 10; i++) {
      await bench.pool.query("UPDATE run SET title = $2 WHERE id = $1", [run, `state ${i}`]);
      await bench.touch(thread);
      const before = asked;
      sender.wake();
      await until(() => asked > before);
    }
    await quiet();
    expect(bench.bySlot().get(`${thread}/head`)?.[0]?.text).toContain("state 9");
    // To learn what it waits for, in its turn, and once if that came between a change and its note.
    expect(drawn.filter((one) => one === thread).length).toBeLessThan(6);
  });

  it("keep updates below the limit and leave room for what is urgent", async () => {
    const { thread, run } = await bench.openThread();
    await findAndPropose(run);
    const sender = bench.sender({ updatesPerMinute: 6, urgentReserve: 2, progressIntervalMs: 1 });
    sender.start();
    await quiet();
    for (let i = 0; i < 12; i++) {
      await bench.pool.query("UPDATE finding SET because = $2 WHERE run_id = $1", [run, `reading ${i}`]);
      await bench.touch(thread);
      sender.wake();
      const before = callsOf("chat.update").length;
      await Promise.race([quiet(), until(() => callsOf("chat.update").length > before || i >= 4)]);
    }
    const heads = callsOf("chat.update").length;
    expect(heads).toBe(4);
    await bench.pool.query("UPDATE remedy SET status = 'denied' WHERE run_id = $1", [run]);
    await bench.touch(thread, true);
    sender.wake();
    await until(() => callsOf("chat.update").some(({ args }) => JSON.stringify(args).includes("Denied")));
    expect(callsOf("chat.update")).toHaveLength(heads + 1);
  });

  it("obey Retry-After of one method without holding up the others", async () => {
    const { thread, run } = await bench.openThread();
    const sender = bench.sender();
    sender.start();
    await quiet();
    bench.slack.faults.add({ method: "chat.update", kind: "rateLimited", retryAfterSeconds: 1 });
    await findAndPropose(run);
    await bench.touch(thread, true);
    sender.wake();
    const limited = await until(() => callsOf("chat.update")[0]);
    await until(() => bench.bySlot().has(`${thread}/run/${run}/remedy/terminateIdle`));
    await quiet();
    const [, second] = callsOf("chat.update");
    expect((second?.at ?? 0) - limited.at).toBeGreaterThanOrEqual(990);
    expect(callsOf("chat.postMessage").at(-1)?.at).toBeLessThan(limited.at + 900);
  });

  it("one refused post per Retry-After, whoever waits", async () => {
    for (let i = 0; i < 5; i++) await bench.openThread();
    bench.slack.faults.add({ method: "chat.postMessage", kind: "rateLimited", retryAfterSeconds: 1 });
    bench.sender().start();
    await quiet();
    expect(callsOf("chat.postMessage")).toHaveLength(6);
    expect(bench.bySlot().size).toBe(5);
  });
});

describe("people and channels", () => {
  it("a deleted head comes back once, then stays away", async () => {
    const { thread, run } = await bench.openThread();
    const sender = bench.sender();
    sender.start();
    const client = new WebClient(bench.slack.token, { slackApiUrl: bench.slack.apiUrl });
    for (const times of [1, 2]) {
      await quiet();
      const ts = bench.bySlot().get(`${thread}/head`)?.[0]?.ts ?? "";
      await client.chat.delete({ channel: CHANNEL, ts });
      await bench.pool.query("UPDATE run SET title = $2 WHERE id = $1", [run, `title ${times}`]);
      await bench.touch(thread);
      sender.wake();
    }
    await quiet();
    expect(bench.bySlot().has(`${thread}/head`)).toBe(false);
    expect(callsOf("chat.postMessage")).toHaveLength(2);
    expect((await bench.store.shown(thread))[0]?.state).toBe("gone");
  });

  it("a channel that does not take messages holds up nobody else and is tried again", async () => {
    const lost = await bench.openThread("C0NOWHERE");
    const fine = await bench.openThread();
    const sender = bench.sender({ slowMs: 150 });
    sender.start();
    await until(() => bench.bySlot().has(`${fine.thread}/head`));
    await until(
      () => callsOf("chat.postMessage").filter(({ args }) => args.channel === "C0NOWHERE").length >= 2,
    );
    expect(await bench.isQuiet()).toBe(false);
    await bench.pool.query("UPDATE thread SET channel = 'C0OTHER' WHERE id = $1", [lost.thread]);
    await bench.touch(lost.thread);
    sender.wake();
    await quiet();
    expect(bench.bySlot("C0OTHER").get(`${lost.thread}/head`)).toHaveLength(1);
  });

  it("blocks that Slack refuses still arrive in words, with their buttons", async () => {
    const { thread, run } = await bench.openThread();
    await findAndPropose(run);
    bench.slack.faults.add({
      method: "chat.postMessage",
      kind: "error",
      error: "invalid_blocks",
      when: (args) => JSON.stringify(args).includes(approvalId),
    });
    bench.sender().start();
    await quiet();
    const card = bench.bySlot().get(`${thread}/run/${run}/remedy/terminateIdle`);
    expect(card).toHaveLength(1);
    expect(JSON.stringify(card?.[0]?.blocks)).toContain("remedy:approve");
    expect(JSON.stringify(card?.[0]?.blocks)).toContain("Slack refused the full message");
  });

  it("Slack being away changes nothing but the time", async () => {
    const { thread } = await bench.openThread();
    bench.slack.faults.add({ method: "*", times: 6, kind: "status", status: 503 });
    bench.sender().start();
    await quiet();
    expectOneEach([`${thread}/head`]);
  });
});
