import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MessageStore } from "../../../src/core/ports/message-store.ts";
import { until } from "../../helpers/until.ts";
import { type Bench, CHANNEL, openBench } from "./bench.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench("thread");
});
afterEach(() => bench.close());

describe("budgets", () => {
  it("space the posts of a channel and let other channels go on", async () => {
    for (let i = 0; i < 3; i++) await bench.openThread();
    await bench.openThread("C0OTHER");
    const sender = bench.sender({ postIntervalMs: 2_000 });
    sender.start();
    await bench.quiet();
    const times = (channel: string) =>
      bench
        .callsOf("chat.postMessage")
        .filter(({ args }) => args.channel === channel)
        .map(({ at }) => at);
    const ops = times(CHANNEL);
    expect(ops).toHaveLength(3);
    // When they arrived: a busy machine delivers one later than it was sent, but not by half the interval.
    for (const [i, at] of ops.entries()) if (i > 0) expect(at - (ops[i - 1] ?? 0)).toBeGreaterThan(1_000);
    expect(times("C0OTHER")[0]).toBeLessThan(ops[2] ?? 0);
  });

  it("do not let a thread that waits for its first post be drawn again and again", async () => {
    const drawn: number[] = [];
    let asked = 0;
    const counting: MessageStore = {
      ...bench.store,
      dirty: (limit) => bench.store.dirty(limit).finally(() => void asked++),
      shown: (thread) => bench.store.shown(thread).finally(() => void drawn.push(thread)),
    };
    const first = await bench.openThread();
    const sender = bench.sender({ postIntervalMs: 600_000 }, counting);
    sender.start();
    await until(() => bench.bySlot().has(`${first.thread}/head`));
    const { thread, run } = await bench.openThread();
    sender.wake();
    await until(() => drawn.includes(thread));
    for (let i = 0; i < 10; i++) {
      await bench.pool.query("UPDATE run SET title = $2 WHERE id = $1", [run, `state ${i}`]);
      await bench.touch(thread);
      const before = asked;
      sender.wake();
      await until(() => asked > before);
    }
    // To learn what it waits for, and once where a change came between that and its note.
    expect(drawn.filter((one) => one === thread).length).toBeLessThan(3);
    await sender.stop(2_000);
    bench.sender().start();
    await bench.quiet();
    expect(bench.bySlot().get(`${thread}/head`)?.[0]?.text).toContain("state 9");
  });

  it("keep updates below the limit and leave room for what is urgent", async () => {
    const { thread, run } = await bench.openThread();
    await bench.findAndPropose(run);
    const sender = bench.sender({ updatesPerMinute: 6, urgentReserve: 2, progressIntervalMs: 1 });
    sender.start();
    await bench.quiet();
    for (let i = 0; i < 12; i++) {
      await bench.pool.query("UPDATE finding SET because = $2 WHERE run_id = $1", [run, `reading ${i}`]);
      await bench.touch(thread);
      sender.wake();
      const before = bench.callsOf("chat.update").length;
      await Promise.race([
        bench.quiet(),
        until(() => bench.callsOf("chat.update").length > before || i >= 4),
      ]);
    }
    const heads = bench.callsOf("chat.update").length;
    expect(heads).toBe(4);
    await bench.pool.query("UPDATE remedy SET status = 'denied' WHERE run_id = $1", [run]);
    await bench.touch(thread, true);
    sender.wake();
    await until(() =>
      bench.callsOf("chat.update").some(({ args }) => JSON.stringify(args).includes("Denied")),
    );
    expect(bench.callsOf("chat.update")).toHaveLength(heads + 1);
  });

  it("obey Retry-After of one method without holding up the others", async () => {
    const { thread, run } = await bench.openThread();
    const sender = bench.sender();
    sender.start();
    await bench.quiet();
    bench.slack.faults.add({ method: "chat.update", kind: "rateLimited", retryAfterSeconds: 1 });
    await bench.findAndPropose(run);
    await bench.touch(thread, true);
    sender.wake();
    const limited = await until(() => bench.callsOf("chat.update")[0]);
    await until(() => bench.bySlot().has(`${thread}/run/${run}/remedy/terminateIdle`));
    await bench.quiet();
    const [, second] = bench.callsOf("chat.update");
    expect((second?.at ?? 0) - limited.at).toBeGreaterThanOrEqual(990);
    expect(bench.callsOf("chat.postMessage").at(-1)?.at).toBeLessThan(limited.at + 900);
  });

  it("one refused post per Retry-After, whoever waits", async () => {
    for (let i = 0; i < 5; i++) await bench.openThread();
    bench.slack.faults.add({ method: "chat.postMessage", kind: "rateLimited", retryAfterSeconds: 1 });
    bench.sender().start();
    await bench.quiet();
    expect(bench.callsOf("chat.postMessage")).toHaveLength(6);
    expect(bench.bySlot().size).toBe(5);
  });
});
