import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MessageStore } from "../../../src/core/ports/message-store.ts";
import { until } from "../../helpers/until.ts";
import { PLAN } from "../../make/views.ts";
import { APPROVAL_ID, type Bench, CHANNEL, openBench } from "./bench.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench("thread");
});
afterEach(() => bench.close());

const expectOneEach = (slots: readonly string[]) => {
  const shown = bench.bySlot();
  expect([...shown.keys()].sort()).toEqual([...slots].sort());
  for (const [slot, messages] of shown) expect({ slot, times: messages.length }).toEqual({ slot, times: 1 });
};

describe("a thread", () => {
  it("is posted, edited in place and remembered", async () => {
    const { thread, run } = await bench.openThread();
    const sender = bench.sender();
    sender.start();
    await bench.quiet();
    expectOneEach([`${thread}/head`]);
    await bench.findAndPropose(run);
    await bench.touch(thread, true);
    sender.wake();
    await bench.quiet();
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
    expect(JSON.stringify(card?.blocks)).toContain(APPROVAL_ID);
    const { rows } = await bench.pool.query("SELECT ts FROM slack_message WHERE slot LIKE '%/remedy/%'");
    expect(rows).toEqual([{ ts: card?.ts }]);
    const order = bench.slack
      .messages(CHANNEL, { thread: head?.ts ?? "" })
      .map(({ files, metadata }) =>
        files === undefined ? (metadata?.event_payload as { k: string } | undefined)?.k : "file",
      );
    expect(order).toEqual([...slots.slice(0, 3), "file"]);
  });

  it("that changes again after it was shown is not taken for shown by an older look at it", async () => {
    const { thread } = await bench.openThread();
    const [first] = await bench.store.dirty(1);
    await bench.store.drawn(thread, first?.rev ?? 0);
    await bench.touch(thread);
    // A look that began before the change ends after it.
    await bench.store.drawn(thread, first?.rev ?? 0);
    expect(await bench.store.dirty(1)).toEqual([expect.objectContaining({ thread })]);
  });

  it("shows Approve once the file with all changes of a long plan is up, and not before", async () => {
    const { thread, run } = await bench.openThread();
    await bench.findAndPropose(run);
    const changes = Array.from({ length: 120 }, (_, i) => `remove /var/lib/orders/old-${i}.log`);
    const plan = { ...PLAN, calls: [{ ...PLAN.calls[0], changes }] };
    await bench.pool.query("UPDATE remedy SET plan = $2 WHERE run_id = $1", [run, JSON.stringify(plan)]);
    bench.slack.faults.add({
      method: "files.getUploadURLExternal",
      times: 1_000_000,
      kind: "error",
      error: "internal_error",
    });
    const sender = bench.sender();
    sender.start();
    const cardNow = () => bench.bySlot().get(`${thread}/run/${run}/remedy/terminateIdle`)?.[0];
    await until(() => cardNow() !== undefined);
    expect(JSON.stringify(cardNow()?.blocks)).not.toContain("remedy:approve");
    bench.slack.faults.clear();
    await bench.quiet();
    const card = cardNow();
    expect(JSON.stringify(card?.blocks)).toContain("remedy:approve");
    const [file] = [...bench.bySlot().keys()].filter(
      (slot) => slot.startsWith("file:run-") && slot.includes("-plan-"),
    );
    expect(JSON.stringify(card?.blocks)).toContain(file?.slice("file:".length));
  });

  it("is not touched again when nothing it shows has changed", async () => {
    const { thread } = await bench.openThread();
    const sender = bench.sender();
    sender.start();
    await bench.quiet();
    const messages = () => bench.slack.calls.filter(({ method }) => method.startsWith("chat.")).length;
    const before = messages();
    await bench.touch(thread);
    sender.wake();
    await bench.quiet();
    expect(messages()).toBe(before);
  });

  it("gets only the newest state of many changes", async () => {
    const { thread, run } = await bench.openThread();
    const sender = bench.sender({ progressIntervalMs: 300 });
    sender.start();
    await bench.quiet();
    for (let i = 0; i < 30; i++) {
      await bench.pool.query("UPDATE run SET title = $2 WHERE id = $1", [run, `state ${i}`]);
      await bench.touch(thread);
      sender.wake();
    }
    await bench.quiet();
    expect(bench.bySlot().get(`${thread}/head`)?.[0]?.text).toContain("state 29");
    expect(bench.callsOf("chat.update").length).toBeLessThan(6);
  });

  it("says that a run has ended when head and card show how", async () => {
    const { thread, run } = await bench.openThread();
    await bench.findAndPropose(run);
    const sender = bench.sender();
    sender.start();
    await bench.quiet();
    const before = bench.slack.calls.length;
    await bench.pool.query("UPDATE remedy SET status = 'denied', ended_at = now() WHERE run_id = $1", [run]);
    await bench.pool.query("UPDATE run SET status = 'succeeded', ended_at = now() WHERE id = $1", [run]);
    await bench.touch(thread, true);
    sender.wake();
    await bench.quiet();
    const told = bench.slack.calls.slice(before).filter(({ method }) => method.startsWith("chat."));
    expect(told.map(({ method }) => method)).toEqual(["chat.update", "chat.update", "chat.postMessage"]);
    expect(told[2]?.args.text).toContain("has ended");
  });
});

describe("when Slack's answer does not come", () => {
  for (const fault of ["lostReply", "status", "internal_error"] as const) {
    it(`${fault}: one visible message per slot`, async () => {
      const { thread, run } = await bench.openThread();
      await bench.findAndPropose(run);
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
      await bench.quiet();
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
    bench.sender({ timeoutMs: 150, arrivalMs: 1_000, rereadMs: 500 }).start();
    await bench.quiet();
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
    await bench.quiet();
    expect(broken).toBe(2);
    expectOneEach([`${thread}/head`]);
    expect(bench.callsOf("chat.postMessage")).toHaveLength(1);
  });

  it("a sender that was cut off in the middle of a post leaves no second message to its successor", async () => {
    const { thread } = await bench.openThread();
    bench.slack.faults.add({ method: "chat.postMessage", kind: "delay", delayMs: 350 });
    let hasArrived = false;
    // A call may take longer than it is delayed, or the successor would be right to give it up.
    const patient = { timeoutMs: 3_000 };
    const first = bench.sender(patient, {
      ...bench.store,
      sent: async () => {
        hasArrived = true;
        throw new Error("this sender is dead");
      },
    });
    first.start();
    await until(async () => (await bench.store.shown(thread)).some(({ state }) => state === "sending"));
    await first.stop(0);
    bench.sender(patient).start();
    await bench.quiet();
    await until(() => hasArrived);
    expectOneEach([`${thread}/head`]);
  });

  it("posts what a dead sender only meant to post", async () => {
    const { thread } = await bench.openThread();
    await bench.store.sending(thread, "head", CHANNEL, "digest", 0);
    bench.sender({ timeoutMs: 100, arrivalMs: 50 }).start();
    await bench.quiet();
    expectOneEach([`${thread}/head`]);
  });
});

describe("two senders at once", () => {
  it("show every slot once", async () => {
    const threads = await Promise.all(Array.from({ length: 12 }, () => bench.openThread()));
    for (const sender of [bench.sender(), bench.sender()]) sender.start();
    await bench.quiet();
    await until(() => bench.bySlot().size === threads.length);
    expectOneEach(threads.map(({ thread }) => `${thread}/head`));
  });
});

describe("people and channels", () => {
  it("a channel that does not take messages holds up nobody else and is tried again", async () => {
    const lost = await bench.openThread("C0NOWHERE");
    const fine = await bench.openThread();
    const sender = bench.sender({ slowMs: 150 });
    sender.start();
    await until(() => bench.bySlot().has(`${fine.thread}/head`));
    await until(
      () =>
        bench.callsOf("conversations.info").filter(({ args }) => args.channel === "C0NOWHERE").length >= 2,
    );
    expect(await bench.isQuiet()).toBe(false);
    await bench.pool.query("UPDATE thread SET channel = 'C0OTHER' WHERE id = $1", [lost.thread]);
    await bench.touch(lost.thread);
    sender.wake();
    await bench.quiet();
    expect(bench.bySlot("C0OTHER").get(`${lost.thread}/head`)).toHaveLength(1);
  });

  it("blocks that Slack refuses still arrive in words, with their buttons", async () => {
    const { thread, run } = await bench.openThread();
    await bench.findAndPropose(run);
    bench.slack.faults.add({
      method: "chat.postMessage",
      kind: "error",
      error: "invalid_blocks",
      when: (args) => JSON.stringify(args).includes(APPROVAL_ID),
    });
    bench.sender().start();
    await bench.quiet();
    const card = bench.bySlot().get(`${thread}/run/${run}/remedy/terminateIdle`);
    expect(card).toHaveLength(1);
    expect(JSON.stringify(card?.[0]?.blocks)).toContain("remedy:approve");
    expect(JSON.stringify(card?.[0]?.blocks)).toContain("Slack refused the full message");
  });

  it("Slack being away changes nothing but the time", async () => {
    const { thread } = await bench.openThread();
    bench.slack.faults.add({ method: "*", times: 6, kind: "status", status: 503 });
    bench.sender().start();
    await bench.quiet();
    expectOneEach([`${thread}/head`]);
  });
});
