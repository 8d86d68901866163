import { WebClient } from "@slack/web-api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deliveryHealth } from "../../../src/app/delivery.ts";
import type { ThreadId } from "../../../src/core/words/ids.ts";
import type { SenderOptions } from "../../../src/thread/sender.ts";
import { until } from "../../helpers/until.ts";
import { type Bench, CHANNEL, openBench } from "./bench.ts";

const ELSEWHERE = { id: "C0ELSE", name: "else" };

let bench: Bench;
beforeEach(async () => {
  bench = await openBench("refuses", { channels: [{ id: CHANNEL, name: "ops" }, ELSEWHERE] });
});
afterEach(() => bench.close());

const health = () => deliveryHealth(bench.store);
const withFallback = (more: Partial<SenderOptions> = {}) =>
  bench.sender({}, bench.store, { fallback: CHANNEL, channels: [CHANNEL, ELSEWHERE.id], ...more });
const headIn = (channel: string, thread: ThreadId) => bench.bySlot(channel).get(`${thread}/head`) ?? [];

describe("the bot's token", () => {
  for (const word of ["token_revoked", "invalid_auth", "account_inactive"])
    it(`${word} shows in health and metrics, also when there is nothing to send, and recovers`, async () => {
      const seen: string[] = [];
      const { thread } = await bench.openThread();
      const sender = withFallback({
        metrics: { troubles: (all) => void seen.push(all.map(({ reason }) => reason).join()) },
      });
      sender.start();
      await bench.quiet();
      bench.slack.faults.add({ method: "*", times: 1_000_000, kind: "error", error: word });
      const sick = await until(async () => {
        const { ok, detail } = await health();
        return ok ? undefined : detail;
      });
      expect(sick).toContain(`does not accept SLACK_BOT_TOKEN: ${word}`);
      await until(() => seen.includes(word));
      await bench.pool.query("UPDATE run SET title = 'changed meanwhile'");
      await bench.touch(thread);
      sender.wake();
      bench.slack.faults.clear();
      await until(async () => (await health()).ok);
      await bench.quiet();
      expect(headIn(CHANNEL, thread)[0]?.text).toContain("changed meanwhile");
      await until(() => seen.at(-1) === "");
    });

  it("without a scope: health names it, and it recovers at the next message", async () => {
    const { thread } = await bench.openThread();
    bench.slack.faults.add({ method: "chat.postMessage", times: 2, kind: "error", error: "missing_scope" });
    withFallback().start();
    const sick = await until(async () => {
      const { ok, detail } = await health();
      return ok ? undefined : detail;
    });
    expect(sick).toContain("lacks a scope for chat.postMessage");
    await bench.quiet();
    expect(headIn(CHANNEL, thread)).toHaveLength(1);
    await until(async () => (await health()).ok);
  });

  it("what the last sender wrote down is mended by the next", async () => {
    await bench.store.trouble("token", "token_revoked");
    await bench.store.trouble("C0GONE", "archived");
    withFallback().start();
    await until(async () => (await bench.store.troubles()).every(({ subject }) => subject !== "token"));
    // Of a channel nobody is shown in any more nothing holds up anything.
    await bench.pool.query("UPDATE delivery_trouble SET seen_at = now() - interval '1 day'");
    await until(async () => (await bench.store.troubles()).length === 0);
  });
});

describe("what Slack does not take", () => {
  const evidence = async (): Promise<{ thread: ThreadId; run: number }> => {
    const opened = await bench.openThread();
    await bench.findAndPropose(opened.run);
    return opened;
  };

  it("a file: its thread says in words what it would have shown, once, also when the answer is lost", async () => {
    const { thread, run } = await evidence();
    bench.slack.faults.add({
      method: "files.getUploadURLExternal",
      times: 1_000_000,
      kind: "error",
      error: "file_uploads_disabled",
    });
    const slot = `${thread}/run/${run}/plot/1`;
    bench.slack.faults.add({
      method: "chat.postMessage",
      kind: "lostReply",
      when: (args) => JSON.stringify(args).includes(slot),
    });
    withFallback().start();
    await bench.quiet();
    const words = bench.bySlot().get(slot) ?? [];
    expect(words).toHaveLength(1);
    expect(JSON.stringify(words[0]?.blocks)).toMatch(/did not take the file run-\d+-plot-1.png/);
    expect(JSON.stringify(words[0]?.blocks)).toContain("Connections in use");
  });

  it("changes of messages: the card is posted anew and the thread goes on", async () => {
    const { thread, run } = await evidence();
    const sender = withFallback();
    sender.start();
    await bench.quiet();
    bench.slack.faults.add({
      method: "chat.update",
      times: 1_000_000,
      kind: "error",
      error: "edit_window_closed",
    });
    await bench.pool.query("UPDATE remedy SET status = 'denied', ended_at = now() WHERE run_id = $1", [run]);
    await bench.pool.query("UPDATE run SET status = 'succeeded', ended_at = now() WHERE id = $1", [run]);
    await bench.touch(thread, true);
    sender.wake();
    await bench.quiet();
    const cards = bench.bySlot().get(`${thread}/run/${run}/remedy/terminateIdle`) ?? [];
    expect(cards).toHaveLength(2);
    expect(JSON.stringify(cards[1]?.blocks)).toContain("Denied");
    const { rows } = await bench.pool.query("SELECT ts FROM slack_message WHERE slot LIKE '%/remedy/%'");
    expect(rows).toEqual([{ ts: cards[1]?.ts }]);
    expect(bench.bySlot().get(`${thread}/run/${run}/summary`)).toHaveLength(1);
    expect(headIn(CHANNEL, thread)).toHaveLength(1);
  });

  it("a thread whose root people deleted twice ends, and holds up nothing for ever", async () => {
    const { thread, run } = await bench.openThread();
    const sender = withFallback();
    sender.start();
    await bench.quiet();
    await bench.pool.query("UPDATE slack_message SET attempts = 2 WHERE thread_id = $1", [thread]);
    const client = new WebClient(bench.slack.token, { slackApiUrl: bench.slack.apiUrl });
    await client.chat.delete({ channel: CHANNEL, ts: headIn(CHANNEL, thread)[0]?.ts ?? "" });
    await bench.findAndPropose(run);
    // Only the replies are new: the root itself is not looked at.
    bench.slack.faults.add({ method: "chat.update", times: 1_000_000, kind: "error", error: "ratelimited" });
    await bench.touch(thread);
    sender.wake();
    await bench.quiet();
    expect((await bench.store.shown(thread)).find(({ slot }) => slot === "head")?.state).toBe("gone");
  });
});
