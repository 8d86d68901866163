import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LocalChannel } from "../../../local/slack/types.ts";
import { deliveryHealth } from "../../../src/app/delivery.ts";
import { NO_CHANNEL } from "../../../src/core/words/channel.ts";
import type { ThreadId } from "../../../src/core/words/ids.ts";
import type { SenderOptions } from "../../../src/thread/sender.ts";
import { until } from "../../helpers/until.ts";
import { type Bench, CHANNEL, openBench } from "./bench.ts";

const ELSEWHERE: LocalChannel = { id: "C0ELSE", name: "else" };
const STRANGERS = ["U0ALICE"];

let bench: Bench;
beforeEach(async () => {
  bench = await openBench("delivery", { channels: [{ id: CHANNEL, name: "ops" }, ELSEWHERE] });
});
afterEach(() => bench.close());

const health = () => deliveryHealth(bench.store);
const withFallback = (more: Partial<SenderOptions> = {}) =>
  bench.sender({}, bench.store, { fallback: CHANNEL, channels: [CHANNEL, ELSEWHERE.id], ...more });
const headIn = (channel: string, thread: ThreadId) => bench.bySlot(channel).get(`${thread}/head`) ?? [];
const postedTo = (channel: string) =>
  bench.callsOf("chat.postMessage").filter(({ args, ok }) => ok && args.channel === channel);

const CAUSES: readonly [string, LocalChannel, RegExp][] = [
  ["the bot is not in it", { ...ELSEWHERE, members: STRANGERS }, /not in the channel \(invite it there/],
  ["private", { ...ELSEWHERE, members: STRANGERS, is_private: true }, /private without diagbot.*\(invite it/],
  ["archived", { ...ELSEWHERE, is_archived: true }, /archived \(unarchive it/],
  ["restricted", { ...ELSEWHERE, is_restricted: true }, /settings say who may post.*\(let diagbot post/],
  ["shared", { ...ELSEWHERE, is_ext_shared: true }, /another organisation/],
  ["about to be shared", { ...ELSEWHERE, is_pending_ext_shared: true }, /another organisation/],
];

describe("a channel that does not take messages", () => {
  for (const [name, channel, words] of CAUSES)
    it(`${name}: the thread is shown in the fallback and says where it belongs; health names the channel`, async () => {
      bench.slack.setChannel(channel);
      const { thread, run } = await bench.openThread(ELSEWHERE.id);
      await bench.findAndPropose(run);
      withFallback().start();
      await bench.quiet();
      const [head] = headIn(CHANNEL, thread);
      const said = JSON.stringify(head?.blocks);
      expect(said).toContain("This belongs in");
      expect(said).toContain(ELSEWHERE.id);
      expect(head?.text).toContain(`belongs in ${ELSEWHERE.id}`);
      expect(bench.bySlot().get(`${thread}/run/${run}/remedy/terminateIdle`)).toHaveLength(1);
      expect(postedTo(ELSEWHERE.id)).toEqual([]);
      const { ok, detail } = await health();
      expect(ok).toBe(false);
      expect(detail).toContain(`cannot post to ${ELSEWHERE.id}`);
      expect(detail).toMatch(words);
      const { rows } = await bench.pool.query("SELECT payload FROM audit WHERE event = 'thread.moved'");
      expect(rows.map(({ payload }) => JSON.parse(payload))).toMatchObject([
        { thread, from: ELSEWHERE.id, to: CHANNEL },
      ]);
    });

  it("is never posted to once it is shared, not even in a thread that began before", async () => {
    const { thread, run } = await bench.openThread(ELSEWHERE.id);
    const sender = withFallback();
    sender.start();
    await bench.quiet();
    expect(headIn(ELSEWHERE.id, thread)).toHaveLength(1);
    bench.slack.setChannel({ ...ELSEWHERE, is_ext_shared: true });
    await until(async () => !(await health()).ok);
    const before = postedTo(ELSEWHERE.id).length + bench.callsOf("chat.update").length;
    await bench.findAndPropose(run);
    await bench.touch(thread, true);
    sender.wake();
    await bench.quiet();
    expect(postedTo(ELSEWHERE.id).length + bench.callsOf("chat.update").length).toBe(before);
    expect(
      bench.callsOf("files.completeUploadExternal").every(({ args }) => args.channel_id === CHANNEL),
    ).toBe(true);
    expect(headIn(CHANNEL, thread)).toHaveLength(1);
  });

  it("shared within one Enterprise organisation is internal", async () => {
    bench.slack.setChannel({ ...ELSEWHERE, is_org_shared: true });
    const { thread } = await bench.openThread(ELSEWHERE.id);
    withFallback().start();
    await bench.quiet();
    expect(headIn(ELSEWHERE.id, thread)).toHaveLength(1);
  });

  it("gets new threads again once it takes them, and health is well", async () => {
    bench.slack.setChannel({ ...ELSEWHERE, is_archived: true });
    const first = await bench.openThread(ELSEWHERE.id);
    const sender = withFallback();
    sender.start();
    await bench.quiet();
    expect(headIn(CHANNEL, first.thread)).toHaveLength(1);
    bench.slack.setChannel(ELSEWHERE);
    await until(async () => (await health()).ok);
    const second = await bench.openThread(ELSEWHERE.id);
    sender.wake();
    await bench.quiet();
    expect(headIn(ELSEWHERE.id, second.thread)).toHaveLength(1);
    expect(JSON.stringify(headIn(ELSEWHERE.id, second.thread))).not.toContain("belongs in");
  });

  it("restricted: what Slack says of the channel does not end it, a message that goes through does", async () => {
    bench.slack.setChannel({ ...ELSEWHERE, is_restricted: true });
    await bench.openThread(ELSEWHERE.id);
    const sender = withFallback();
    sender.start();
    await bench.quiet();
    bench.slack.setChannel(ELSEWHERE);
    const looks = () =>
      bench.callsOf("conversations.info").filter(({ args }) => args.channel === ELSEWHERE.id).length;
    const before = looks();
    await until(() => looks() > before + 1);
    expect((await health()).ok).toBe(false);
    const { thread } = await bench.openThread(ELSEWHERE.id);
    sender.wake();
    await bench.quiet();
    expect(headIn(ELSEWHERE.id, thread)).toHaveLength(1);
    expect((await health()).ok).toBe(true);
  });

  it("without another one: waiting is said and grows, and the thread comes when somebody mends it", async () => {
    const told: number[] = [];
    const troubles: string[] = [];
    bench.slack.setChannel({ id: CHANNEL, name: "ops", members: STRANGERS });
    const { thread } = await bench.openThread();
    const metrics = {
      waiting: (_threads: number, seconds: number) => void told.push(seconds),
      troubles: (all: readonly { subject: string; reason: string }[]) =>
        void troubles.push(...all.map(({ subject, reason }) => `${subject} ${reason}`)),
    };
    withFallback({ metrics }).start();
    await until(() => troubles.includes(`${CHANNEL} not-member`));
    await bench.pool.query("UPDATE outbox SET since = since - interval '1 hour'");
    await until(() => (told.at(-1) ?? 0) > 3_600);
    const isPutOff = () => bench.pool.query("SELECT FROM outbox WHERE not_before > now()");
    await until(async () => (await isPutOff()).rowCount === 1);
    const count = told.length;
    await until(() => told.length > count + 2);
    expect(told.at(-1)).toBeGreaterThan(told.at(-2) ?? 0);
    expect((await health()).detail).toMatch(/1 thread not shown as it is, the oldest for 60 min/);
    bench.slack.setChannel({ id: CHANNEL, name: "ops" });
    await bench.quiet();
    expect(headIn(CHANNEL, thread)).toHaveLength(1);
    await until(() => told.at(-1) === 0);
    await until(async () => (await health()).ok);
  });

  it("left by the bot in the middle of a thread: what comes next is shown in the fallback, whole", async () => {
    const { thread, run } = await bench.openThread(ELSEWHERE.id);
    const sender = withFallback();
    sender.start();
    await bench.quiet();
    bench.slack.setChannel({ ...ELSEWHERE, members: STRANGERS });
    await bench.pool.query("UPDATE run SET title = 'another title' WHERE id = $1", [run]);
    await bench.touch(thread);
    sender.wake();
    await bench.quiet();
    const [head] = headIn(CHANNEL, thread);
    expect(head?.text).toContain("another title");
    expect(head?.text).toContain(`belongs in ${ELSEWHERE.id}`);
  });

  it("whose lookup Slack does not answer is not posted to blindly", async () => {
    const { thread } = await bench.openThread();
    bench.slack.faults.add({ method: "conversations.info", times: 3, kind: "status", status: 503 });
    withFallback().start();
    await bench.quiet();
    expect(headIn(CHANNEL, thread)).toHaveLength(1);
    const first = bench.callsOf("chat.postMessage")[0]?.at ?? 0;
    const lookups = bench.callsOf("conversations.info").filter(({ ok }) => ok);
    expect(lookups[0]?.at).toBeLessThanOrEqual(first);
  });
});

describe("threads that began while Slack was not set up", () => {
  it("are shown when they are still open, without a note; what is over is not told again", async () => {
    const open = await bench.openThread(NO_CHANNEL);
    const over = await bench.openThread(NO_CHANNEL);
    await bench.pool.query("UPDATE run SET status = 'succeeded', ended_at = now() WHERE id = $1", [over.run]);
    withFallback().start();
    await bench.quiet();
    const [head] = headIn(CHANNEL, open.thread);
    expect(head?.text).not.toContain("belongs in");
    expect(headIn(CHANNEL, over.thread)).toEqual([]);
    expect((await health()).ok).toBe(true);
  });
});
