// What tests do with the local Slack besides calling it: they make it fail, and wait for what it will see.
import { describe, expect, it } from "vitest";
import { refused, webApiRig } from "./web-api-rig.ts";

const rig = webApiRig();

describe("faults", () => {
  it("can be an error, a status, or a delay, and hit only the calls they are meant for", async () => {
    rig.slack.faults.add({ kind: "error", method: "chat.postMessage", error: "internal_error" });
    rig.slack.faults.add({ kind: "status", method: "chat.postMessage", status: 503, times: 2 });
    rig.slack.faults.add({
      kind: "error",
      method: "*",
      error: "fatal_error",
      when: (args) => args.channel === "C0SHARED",
    });
    expect(await refused(rig.post("1"))).toBe("internal_error");
    expect(await refused(rig.post("2"))).toBe("slack_webapi_http_error");
    expect(await refused(rig.post("3"))).toBe("slack_webapi_http_error");
    expect(await refused(rig.post("4"))).toBe("accepted");
    expect(await refused(rig.client.conversations.info({ channel: "C0SHARED" }))).toBe("fatal_error");
    rig.slack.faults.add({ kind: "delay", method: "auth.test", delayMs: 120 });
    const started = performance.now();
    await rig.client.auth.test();
    expect(performance.now() - started).toBeGreaterThan(110);
    rig.slack.faults.add({ kind: "error", method: "auth.test", error: "never" });
    rig.slack.faults.clear();
    await rig.client.auth.test();
  });

  it("can be 429 with Retry-After, which WebClient honours", async () => {
    const strict = rig.connect(rig.slack.token, { rejectRateLimitedCalls: true });
    rig.slack.faults.add({ kind: "rateLimited", method: "chat.update", retryAfterSeconds: 7 });
    const error = await strict.chat.update({ channel: "C0OPS", ts: "1.1", text: "x" }).catch((each) => each);
    expect(error).toMatchObject({ code: "slack_webapi_rate_limited_error", retryAfter: 7 });
    const patient = rig.connect(rig.slack.token, { retryConfig: { retries: 1, minTimeout: 1 } });
    rig.slack.faults.add({ kind: "rateLimited", method: "auth.test", retryAfterSeconds: 1 });
    const started = performance.now();
    await patient.auth.test();
    expect(performance.now() - started).toBeGreaterThan(990);
  });

  it("can be a lost reply: the message is there, the caller does not know", async () => {
    rig.slack.faults.add({ kind: "lostReply", method: "chat.postMessage" });
    expect(await refused(rig.post("once"))).toBe("slack_webapi_request_error");
    expect(rig.slack.messages("C0OPS").map((each) => each.text)).toEqual(["once"]);
    expect(rig.slack.calls.at(-1)).toMatchObject({
      method: "chat.postMessage",
      ok: true,
      error: "lost_reply",
    });
  });
});

it("waits for changes instead of asking again and again, and says what it saw when it gives up", async () => {
  let looks = 0;
  const waiting = rig.slack.waitFor(() => {
    looks += 1;
    return rig.slack.messages("C0OPS").find((each) => each.text === "third");
  });
  await rig.post("first");
  await rig.post("second");
  await rig.post("third");
  expect((await waiting).text).toBe("third");
  expect(looks).toBeLessThan(12);
  await expect(rig.slack.waitFor(() => undefined, 20)).rejects.toThrow(
    /not seen within 20 ms.*\n.*chat\.postMessage ok/s,
  );
});
