import { WebClient } from "@slack/web-api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../helpers/until.ts";
import { type Bench, CHANNEL, openBench } from "./bench.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench("deleted");
});
afterEach(() => bench.close());

describe("a first message that a person deletes", () => {
  it("a deleted head comes back once, then stays away", async () => {
    const { thread, run } = await bench.openThread();
    const sender = bench.sender();
    sender.start();
    const client = new WebClient(bench.slack.token, { slackApiUrl: bench.slack.apiUrl });
    for (const times of [1, 2]) {
      await bench.quiet();
      const ts = bench.bySlot().get(`${thread}/head`)?.[0]?.ts ?? "";
      await client.chat.delete({ channel: CHANNEL, ts });
      await bench.pool.query("UPDATE run SET title = $2 WHERE id = $1", [run, `title ${times}`]);
      await bench.touch(thread);
      sender.wake();
    }
    await bench.quiet();
    expect(bench.bySlot().has(`${thread}/head`)).toBe(false);
    expect(bench.callsOf("chat.postMessage")).toHaveLength(2);
    expect((await bench.store.shown(thread))[0]?.state).toBe("gone");
  });

  it("a head that is posted again says that it is the second one and leads to the first", async () => {
    const { thread, run } = await bench.openThread();
    const sender = bench.sender();
    sender.start();
    await bench.quiet();
    const first = bench.bySlot().get(`${thread}/head`)?.[0]?.ts ?? "";
    const client = new WebClient(bench.slack.token, { slackApiUrl: bench.slack.apiUrl });
    await client.chat.delete({ channel: CHANNEL, ts: first });
    // The second one is refused once before it arrives.
    bench.slack.faults.add({ method: "chat.postMessage", kind: "rateLimited", retryAfterSeconds: 1 });
    await bench.pool.query("UPDATE run SET title = 'another' WHERE id = $1", [run]);
    await bench.touch(thread);
    sender.wake();
    await bench.quiet();
    const [second] = bench.bySlot().get(`${thread}/head`) ?? [];
    const link = `/archives/${CHANNEL}/p${first.replace(".", "")}|the thread of the old one>`;
    expect(JSON.stringify(second?.blocks)).toContain(link);
    expect(bench.slack.calls.filter(({ method }) => method === "chat.update")).toHaveLength(1);
    // And goes on saying it when it changes.
    await bench.pool.query("UPDATE run SET title = 'and another' WHERE id = $1", [run]);
    await bench.touch(thread);
    sender.wake();
    await until(() =>
      JSON.stringify(bench.bySlot().get(`${thread}/head`)?.[0]?.blocks).includes("and another"),
    );
    expect(JSON.stringify(bench.bySlot().get(`${thread}/head`)?.[0]?.blocks)).toContain(link);
  });
});
