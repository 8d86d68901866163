import { afterEach, beforeEach, expect, it } from "vitest";
import type { MessageStore } from "../../../src/core/ports/message-store.ts";
import type { Sender } from "../../../src/thread/sender.ts";
import { testSeed } from "../../helpers/property.ts";
import { until } from "../../helpers/until.ts";
import { type Bench, openBench } from "./bench.ts";

const THREADS = Number(process.env.DIAGBOT_STORM_THREADS ?? 150);
const SEED = testSeed;

/** A channel takes its messages one after another; several make the storm shorter. */
const CHANNELS = Array.from({ length: 6 }, (_, i) => `C0STORM${i}`);

let bench: Bench;
beforeEach(async () => {
  bench = await openBench("storm", { channels: CHANNELS.map((id) => ({ id, name: id.toLowerCase() })) });
});
afterEach(() => bench.close());

/** mulberry32: the same seed, the same faults. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

it("faults everywhere, senders killed, rows not written: one message per slot, the newest content", {
  timeout: 600_000,
}, async () => {
  const chance = random(SEED);
  const often = (share: number) => () => chance() < share;
  const endless = 1_000_000;
  for (const method of ["chat.postMessage", "chat.update"]) {
    bench.slack.faults.add({ method, times: endless, kind: "lostReply", when: often(0.1) });
    bench.slack.faults.add({ method, times: endless, kind: "status", status: 503, when: often(0.05) });
    bench.slack.faults.add({
      method,
      times: endless,
      kind: "error",
      error: "internal_error",
      when: often(0.05),
    });
  }
  bench.slack.faults.add({
    method: "chat.postMessage",
    times: 5,
    kind: "rateLimited",
    retryAfterSeconds: 1,
    when: often(0.02),
  });
  bench.slack.faults.add({
    method: "conversations.history",
    times: endless,
    kind: "status",
    status: 500,
    when: often(0.1),
  });
  const flaky: MessageStore = {
    ...bench.store,
    sent: async (...args) => {
      if (chance() < 0.03) throw new Error("no COMMIT");
      await bench.store.sent(...args);
    },
  };
  const threads: unknown[] = [];
  while (threads.length < THREADS)
    threads.push(await bench.openThread(CHANNELS[threads.length % CHANNELS.length]));
  let sender: Sender | undefined;
  const replace = async () => {
    await sender?.stop(0);
    sender = bench.sender({ timeoutMs: 800, progressIntervalMs: 50 }, flaky);
    sender.start();
  };
  for (let kill = 0; kill < 5; kill++) {
    await replace();
    const before = bench.slack.calls.length;
    await until(() => bench.slack.calls.length > before + THREADS / 6);
    const { rows } = await bench.pool.query<{ id: number }>(
      "SELECT id FROM thread ORDER BY random() LIMIT 10",
    );
    for (const { id } of rows) {
      await bench.pool.query("UPDATE run SET title = $2 WHERE thread_id = $1", [id, `round ${kill}`]);
      await bench.touch(id as never);
    }
  }
  await until(() => bench.isQuiet(), 200_000);
  const shown = new Map(CHANNELS.flatMap((channel) => [...bench.bySlot(channel)]));
  expect([...shown.values()].filter((messages) => messages.length > 1)).toEqual([]);
  expect(shown.size).toBe(threads.length);
  const { rows } = await bench.pool.query<{ thread_id: number; title: string; ts: string }>(
    "SELECT r.thread_id, r.title, m.ts FROM run r JOIN slack_message m USING (thread_id)",
  );
  expect(rows).toHaveLength(threads.length);
  for (const { thread_id, title, ts } of rows) {
    const [message] = shown.get(`${thread_id}/head`) ?? [];
    expect(message?.ts).toBe(ts);
    expect(message?.text).toContain(title);
  }
});
