import { WebClient, type WebClientOptions } from "@slack/web-api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LocalSlack } from "../../../src/local/slack/local-slack.ts";
import { startLocalSlack } from "../../../src/local/slack/server.ts";
import { card, form, PNG, quiet } from "./bot.ts";

let slack: LocalSlack;
let client: WebClient;
let now = Date.parse("2026-11-22T12:00:00Z");

const connect = (token: string, options: WebClientOptions = {}) =>
  new WebClient(token, { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 }, logger: quiet, ...options });
const refused = (promise: Promise<unknown>) =>
  promise.then(
    () => "accepted",
    (error: { data?: { error?: string }; code?: string }) => error.data?.error ?? error.code,
  );
const post = async (text: string, more: object = {}) =>
  (await client.chat.postMessage({ channel: "C0OPS", text, ...more })).ts ?? "";

beforeEach(async () => {
  slack = await startLocalSlack({
    now: () => now,
    people: [
      { id: "U0ALICE", name: "alice", real_name: "Alice Adams", email: "alice@example.com" },
      { id: "U0GUEST", name: "guest", is_restricted: true, is_ultra_restricted: true },
      { id: "U0GONE", name: "gone", deleted: true, email: "gone@example.com" },
      { id: "U0PARTNER", name: "partner", is_stranger: true, team_id: "T0PARTNER" },
    ],
    channels: [
      { id: "C0OPS", name: "ops" },
      { id: "C0SHARED", name: "shared", is_ext_shared: true },
      { id: "C0OTHER", name: "other", members: ["U0ALICE"] },
      { id: "C0OLD", name: "old", is_archived: true },
    ],
    usergroups: [{ id: "S0DBA", handle: "dba", users: ["U0ALICE"] }],
  });
  client = connect(slack.token);
});
afterEach(() => slack.stop());

describe("who may call", () => {
  it("refuses no token, an unknown one, the wrong kind, and an unknown method", async () => {
    const bare = await fetch(`${slack.apiUrl}auth.test`, { method: "POST" });
    expect(await bare.json()).toEqual({ ok: false, error: "not_authed" });
    expect(await refused(connect("xoxb-stolen").auth.test())).toBe("invalid_auth");
    expect(await refused(connect(slack.token).apps.connections.open({}))).toBe("not_allowed_token_type");
    expect(await refused(client.apiCall("chat.shout", { text: "x" }))).toBe("unknown_method");
    expect(await client.auth.test()).toMatchObject({
      user_id: "U0DIAGBOT",
      bot_id: "B0DIAGBOT",
      team_id: "T0LOCAL",
    });
  });

  it("refuses what the token has no scope for", async () => {
    const narrow = await startLocalSlack({ scopes: ["chat:write"] });
    const limited = new WebClient(narrow.token, { slackApiUrl: narrow.apiUrl, logger: quiet });
    expect(await refused(limited.users.info({ user: "U0ALICE" }))).toBe("missing_scope");
    expect(await refused(limited.chat.postMessage({ channel: "C0OPS", text: "x" }))).toBe("accepted");
    await narrow.stop();
  });

  it("logs every call without its token", async () => {
    await fetch(`${slack.apiUrl}auth.test`, {
      method: "POST",
      body: new URLSearchParams({ token: "xoxb-secret" }),
    });
    expect(slack.calls[0]).toMatchObject({ method: "auth.test", ok: false, error: "invalid_auth" });
    expect(JSON.stringify(slack.calls)).not.toContain("xoxb-secret");
  });
});

describe("messages", () => {
  it("names what is missing or wrong", async () => {
    const call = (method: string, args: Record<string, unknown>) =>
      client.apiCall(method, args).catch((error) => error.data);
    expect(await call("chat.postMessage", { text: "x" })).toMatchObject({
      error: "invalid_arguments",
      errors: ["missing required field: channel [json-pointer:/channel]"],
    });
    expect(await call("chat.postMessage", { channel: "C0OPS" })).toMatchObject({ error: "no_text" });
    expect(await call("chat.postMessage", { channel: "C0OPS", blocks: "[{" })).toMatchObject({
      error: "invalid_blocks_format",
    });
    expect(await call("chat.postMessage", { channel: "C0OPS", blocks: [{ type: "nope" }] })).toMatchObject({
      error: "invalid_blocks",
      errors: ["unsupported type [json-pointer:/blocks/0/type]"],
    });
    expect(await refused(client.chat.postMessage({ channel: "C0NONE", text: "x" }))).toBe(
      "channel_not_found",
    );
    expect(await refused(client.chat.postMessage({ channel: "C0OTHER", text: "x" }))).toBe("not_in_channel");
    expect(await refused(client.chat.postMessage({ channel: "C0OLD", text: "x" }))).toBe("is_archived");
    expect(await refused(post("x", { thread_ts: "1.000001" }))).toBe("thread_not_found");
    expect(await refused(post("x", { metadata: { event_type: "" } }))).toBe("invalid_metadata_format");
  });

  it("may be changed and deleted by the app that wrote them only", async () => {
    const mine = await post("mine", { blocks: card("shop") });
    const hers = await slack.say("U0ALICE", "C0OPS", "hers");
    expect(await refused(client.chat.update({ channel: "C0OPS", ts: hers.ts, text: "ours" }))).toBe(
      "cant_update_message",
    );
    expect(await refused(client.chat.delete({ channel: "C0OPS", ts: hers.ts }))).toBe("cant_delete_message");
    expect(await refused(client.chat.update({ channel: "C0OPS", ts: "1.1", text: "x" }))).toBe(
      "message_not_found",
    );
    expect(await refused(client.chat.update({ channel: "C0OPS", ts: mine, text: "x".repeat(4001) }))).toBe(
      "msg_too_long",
    );
    await client.chat.update({ channel: "C0OPS", ts: mine, text: "only text" });
    expect(slack.messages("C0OPS")[0]).toMatchObject({ text: "only text", edited: { user: "U0DIAGBOT" } });
    expect(slack.messages("C0OPS")[0]?.blocks).toBeUndefined();
    await client.chat.delete({ channel: "C0OPS", ts: mine });
    expect(slack.messages("C0OPS").map((each) => each.text)).toEqual(["hers"]);
  });

  it("leave a tombstone when they had replies", async () => {
    const root = await post("root");
    await post("reply", { thread_ts: root });
    await client.chat.delete({ channel: "C0OPS", ts: root });
    expect(slack.messages("C0OPS", { thread: root }).map((each) => each.text)).toEqual([
      "This message was deleted.",
      "reply",
    ]);
  });

  it("keep their metadata, which is shown to those who ask for it", async () => {
    const metadata = { event_type: "slot", event_payload: { id: "run-1", rev: 3 } };
    const root = await post("root", { metadata });
    const reply = await post("reply", { thread_ts: root, metadata });
    await client.chat.update({ channel: "C0OPS", ts: reply, text: "newer" });
    const plain = await client.conversations.history({ channel: "C0OPS" });
    expect(plain.messages?.[0]?.metadata).toBeUndefined();
    const told = await client.conversations.replies({
      channel: "C0OPS",
      ts: root,
      include_all_metadata: true,
    });
    expect(told.messages?.map((each) => each.metadata)).toEqual([metadata, metadata]);
    await client.chat.update({
      channel: "C0OPS",
      ts: reply,
      text: "newest",
      metadata: { event_type: "slot", event_payload: { rev: 4 } },
    });
    const again = await client.conversations.replies({
      channel: "C0OPS",
      ts: root,
      include_all_metadata: true,
    });
    expect(again.messages?.[1]?.metadata?.event_payload).toEqual({ rev: 4 });
  });

  it("are read back by time and page by page", async () => {
    const stamps: string[] = [];
    for (let count = 0; count < 7; count += 1) stamps.push(await post(`message ${count}`));
    const texts = (answer: { messages?: { text?: string }[] }) => answer.messages?.map((each) => each.text);
    const first = await client.conversations.history({ channel: "C0OPS", limit: 3 });
    expect(texts(first)).toEqual(["message 6", "message 5", "message 4"]);
    expect(first.has_more).toBe(true);
    await post("meanwhile");
    const cursor = first.response_metadata?.next_cursor ?? "";
    expect(texts(await client.conversations.history({ channel: "C0OPS", limit: 3, cursor }))).toEqual([
      "message 3",
      "message 2",
      "message 1",
    ]);
    const between = { channel: "C0OPS", oldest: stamps[2] ?? "", latest: stamps[4] ?? "" };
    expect(texts(await client.conversations.history(between))).toEqual(["message 3"]);
    expect(texts(await client.conversations.history({ ...between, inclusive: true }))).toEqual([
      "message 4",
      "message 3",
      "message 2",
    ]);
    expect(await refused(client.conversations.history({ channel: "C0OPS", cursor: "bogus!" }))).toBe(
      "invalid_cursor",
    );
  });

  it("of a thread come oldest first, with the root on top", async () => {
    const root = await post("root");
    for (let count = 0; count < 4; count += 1) await post(`reply ${count}`, { thread_ts: root });
    await post("told to all", { thread_ts: root, reply_broadcast: true });
    const page = await client.conversations.replies({ channel: "C0OPS", ts: root, limit: 2 });
    expect(page.messages?.map((each) => each.text)).toEqual(["root", "reply 0"]);
    expect(page.messages?.[0]).toMatchObject({ reply_count: 5, thread_ts: root });
    const cursor = page.response_metadata?.next_cursor ?? "";
    const rest = await client.conversations.replies({ channel: "C0OPS", ts: root, limit: 10, cursor });
    expect(rest.messages).toHaveLength(4);
    const channel = await client.conversations.history({ channel: "C0OPS" });
    expect(channel.messages?.map((each) => each.text)).toEqual(["told to all", "root"]);
    expect(await refused(client.conversations.replies({ channel: "C0OPS", ts: "1.000001" }))).toBe(
      "thread_not_found",
    );
  });

  it("for one person are in nobody's history", async () => {
    const { message_ts } = await client.chat.postEphemeral({
      channel: "C0OPS",
      user: "U0ALICE",
      text: "psst",
    });
    expect(slack.ephemerals("U0ALICE")[0]).toMatchObject({ ts: message_ts, text: "psst" });
    expect((await client.conversations.history({ channel: "C0OPS" })).messages).toEqual([]);
    expect(await refused(client.chat.update({ channel: "C0OPS", ts: message_ts ?? "", text: "x" }))).toBe(
      "message_not_found",
    );
  });

  it("take reactions", async () => {
    const ts = await post("look");
    const eyes = { channel: "C0OPS", timestamp: ts, name: "eyes" };
    await client.reactions.add(eyes);
    expect(slack.messages("C0OPS")[0]?.reactions).toEqual([{ name: "eyes", users: ["U0DIAGBOT"] }]);
    expect(await refused(client.reactions.add(eyes))).toBe("already_reacted");
    expect(await refused(client.reactions.add({ ...eyes, name: "no_such_face" }))).toBe("invalid_name");
    await client.reactions.remove(eyes);
    expect(slack.messages("C0OPS")[0]?.reactions).toBeUndefined();
    expect(await refused(client.reactions.remove(eyes))).toBe("no_reaction");
  });
});

describe("people and places", () => {
  it("tell guests, strangers, bots and the deleted apart", async () => {
    const user = async (id: string) => (await client.users.info({ user: id })).user;
    expect(await user("U0GUEST")).toMatchObject({
      is_restricted: true,
      is_ultra_restricted: true,
      is_bot: false,
    });
    expect(await user("U0GONE")).toMatchObject({ deleted: true });
    expect(await user("U0PARTNER")).toMatchObject({ is_stranger: true, team_id: "T0PARTNER" });
    expect(await user("U0DIAGBOT")).toMatchObject({ is_bot: true });
    expect(await refused(client.users.info({ user: "U0NOBODY" }))).toBe("user_not_found");
    expect((await client.users.lookupByEmail({ email: "alice@example.com" })).user?.id).toBe("U0ALICE");
    expect(await refused(client.users.lookupByEmail({ email: "gone@example.com" }))).toBe("users_not_found");
    expect((await client.users.list({})).members?.map((each) => each.id)).toContain("U0GUEST");
    expect((await client.usergroups.users.list({ usergroup: "S0DBA" })).users).toEqual(["U0ALICE"]);
    expect((await client.usergroups.list()).usergroups?.[0]?.handle).toBe("dba");
  });

  it("tell shared, archived and direct conversations apart", async () => {
    expect((await client.conversations.info({ channel: "C0SHARED" })).channel).toMatchObject({
      is_ext_shared: true,
    });
    expect((await client.conversations.info({ channel: "C0OTHER" })).channel).toMatchObject({
      is_member: false,
    });
    expect((await client.conversations.members({ channel: "C0OTHER" })).members).toEqual(["U0ALICE"]);
    const direct = (await client.conversations.open({ users: "U0ALICE" })).channel?.id ?? "";
    await client.chat.postMessage({ channel: "U0ALICE", text: "just you" });
    expect(slack.messages(direct).map((each) => each.text)).toEqual(["just you"]);
    const listed = await client.conversations.list({ types: "public_channel,im", exclude_archived: true });
    expect(listed.channels?.map((each) => each.name)).toEqual(["ops", "shared", "other", direct]);
    const info = { bot: "B0DIAGBOT" };
    expect((await client.bots.info(info)).bot?.user_id).toBe("U0DIAGBOT");
    expect((await client.team.info()).team?.id).toBe("T0LOCAL");
  });

  it("have permanent addresses that lead into the page", async () => {
    const ts = await post("here");
    const { permalink } = await client.chat.getPermalink({ channel: "C0OPS", message_ts: ts });
    const answer = await fetch(permalink ?? "", { redirect: "manual" });
    expect(answer.headers.get("location")).toBe(`/#C0OPS/${ts}`);
  });
});

describe("files", () => {
  it("must be as long as announced, and complete before anybody sees them", async () => {
    const { upload_url, file_id } = await client.files.getUploadURLExternal({
      filename: "a.png",
      length: PNG.length,
    });
    const finish = () =>
      client.files.completeUploadExternal({ files: [{ id: file_id ?? "" }], channel_id: "C0OPS" });
    expect(await refused(finish())).toBe("file_not_found");
    expect((await fetch(upload_url ?? "", { method: "POST", body: "short" })).status).toBe(400);
    expect((await fetch(upload_url ?? "", { method: "POST", body: new Uint8Array(PNG) })).status).toBe(200);
    expect(slack.files()).toEqual([]);
    await finish();
    expect((await client.files.info({ file: file_id ?? "" })).file).toMatchObject({ mimetype: "image/png" });
    expect(slack.messages("C0OPS")[0]?.files?.[0]?.data.equals(PNG)).toBe(true);
  });

  it("that are not plain pictures are never shown in place", async () => {
    const script = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    await client.filesUploadV2({ channel_id: "C0OPS", content: script, filename: "evil.svg" });
    const answer = await fetch(slack.files()[0]?.url_private ?? "");
    expect(answer.headers.get("content-disposition")).toMatch(/^attachment/);
    expect(answer.headers.get("content-type")).toBe("application/octet-stream");
  });
});

describe("views", () => {
  const trigger = async () => {
    const waiting = slack.command("U0ALICE", "C0OPS", "/diag").catch(() => {});
    await waiting;
    return String(slack.deliveries.at(-1)?.payload.trigger_id);
  };

  it("open with a trigger once, and only for three seconds", async () => {
    const trigger_id = await trigger();
    await client.views.open({ trigger_id, view: form() });
    expect(await refused(client.views.open({ trigger_id, view: form() }))).toBe("exchanged_trigger_id");
    expect(await refused(client.views.open({ trigger_id: "12.34", view: form() }))).toBe(
      "invalid_trigger_id",
    );
    const late = await trigger();
    now += 3001;
    expect(await refused(client.views.open({ trigger_id: late, view: form() }))).toBe("expired_trigger_id");
  });

  it("stack three deep, and refuse an update that is behind", async () => {
    const opened = await client.views.open({ trigger_id: await trigger(), view: form() });
    const push = async () => client.views.push({ trigger_id: await trigger(), view: form() });
    expect((await push()).view).toMatchObject({
      root_view_id: opened.view?.id,
      previous_view_id: opened.view?.id,
    });
    await push();
    expect(await refused(push())).toBe("push_limit_reached");
    await slack.close("U0ALICE");
    await slack.close("U0ALICE");
    expect(slack.view("U0ALICE")?.id).toBe(opened.view?.id);
    const update = (hash: string) =>
      client.views.update({ view_id: opened.view?.id ?? "", hash, view: form("shop") });
    expect(await refused(update("behind"))).toBe("hash_conflict");
    await update(opened.view?.hash ?? "");
    expect(slack.view("U0ALICE")?.blocks).toHaveLength(3);
    await slack.close("U0ALICE", { all: true });
    expect(await refused(update(opened.view?.hash ?? ""))).toBe("not_found");
  });

  it("keep what was filled in when they are updated under the same ids", async () => {
    const { view } = await client.views.open({ trigger_id: await trigger(), view: form() });
    await slack.selectInView("U0ALICE", "system", "bank").catch(() => {});
    await client.views.update({ view_id: view?.id ?? "", view: form("bank") });
    expect(slack.view("U0ALICE")?.state.values.system?.system).toMatchObject({
      selected_option: { value: "bank" },
    });
  });
});

describe("faults", () => {
  it("can be an error, a status, or a delay, and hit only the calls they are meant for", async () => {
    slack.faults.add({ kind: "error", method: "chat.postMessage", error: "internal_error" });
    slack.faults.add({ kind: "status", method: "chat.postMessage", status: 503, times: 2 });
    slack.faults.add({
      kind: "error",
      method: "*",
      error: "fatal_error",
      when: (args) => args.channel === "C0SHARED",
    });
    expect(await refused(post("1"))).toBe("internal_error");
    expect(await refused(post("2"))).toBe("slack_webapi_http_error");
    expect(await refused(post("3"))).toBe("slack_webapi_http_error");
    expect(await refused(post("4"))).toBe("accepted");
    expect(await refused(client.conversations.info({ channel: "C0SHARED" }))).toBe("fatal_error");
    slack.faults.add({ kind: "delay", method: "auth.test", delayMs: 120 });
    const started = performance.now();
    await client.auth.test();
    expect(performance.now() - started).toBeGreaterThan(110);
    slack.faults.add({ kind: "error", method: "auth.test", error: "never" });
    slack.faults.clear();
    await client.auth.test();
  });

  it("can be 429 with Retry-After, which WebClient honours", async () => {
    const strict = connect(slack.token, { rejectRateLimitedCalls: true });
    slack.faults.add({ kind: "rateLimited", method: "chat.update", retryAfterSeconds: 7 });
    const error = await strict.chat.update({ channel: "C0OPS", ts: "1.1", text: "x" }).catch((each) => each);
    expect(error).toMatchObject({ code: "slack_webapi_rate_limited_error", retryAfter: 7 });
    const patient = connect(slack.token, { retryConfig: { retries: 1, minTimeout: 1 } });
    slack.faults.add({ kind: "rateLimited", method: "auth.test", retryAfterSeconds: 1 });
    const started = performance.now();
    await patient.auth.test();
    expect(performance.now() - started).toBeGreaterThan(990);
  });

  it("can be a lost reply: the message is there, the caller does not know", async () => {
    slack.faults.add({ kind: "lostReply", method: "chat.postMessage" });
    expect(await refused(post("once"))).toBe("slack_webapi_request_error");
    expect(slack.messages("C0OPS").map((each) => each.text)).toEqual(["once"]);
    expect(slack.calls.at(-1)).toMatchObject({ method: "chat.postMessage", ok: true, error: "lost_reply" });
  });
});

describe("response_url", () => {
  it("is good five times, for thirty minutes", async () => {
    await slack.command("U0ALICE", "C0OPS", "/diag").catch(() => {});
    const url = String(slack.deliveries.at(-1)?.payload.response_url);
    const respond = (body: object, to = url) => fetch(to, { method: "POST", body: JSON.stringify(body) });
    for (let count = 0; count < 5; count += 1) expect((await respond({ text: `${count}` })).status).toBe(200);
    const sixth = await respond({ text: "5" });
    expect([sixth.status, await sixth.json()]).toEqual([404, { ok: false, error: "used_url" }]);
    await slack.command("U0ALICE", "C0OPS", "/diag").catch(() => {});
    now += 30 * 60_000 + 1;
    const late = await respond({ text: "late" }, String(slack.deliveries.at(-1)?.payload.response_url));
    expect(await late.json()).toMatchObject({ error: "expired_url" });
  });

  it("replaces or deletes the message whose button was pressed", async () => {
    await client.chat.postEphemeral({
      channel: "C0OPS",
      user: "U0ALICE",
      text: "sure?",
      blocks: card("shop"),
    });
    const [asked] = slack.ephemerals("U0ALICE");
    await slack.click("U0ALICE", asked ?? { channel: "", ts: "" }, "approve").catch(() => {});
    const payload = slack.deliveries.at(-1)?.payload ?? {};
    expect(payload.container).toMatchObject({ is_ephemeral: true });
    expect(payload.message).toBeUndefined();
    const respond = (body: object) =>
      fetch(String(payload.response_url), { method: "POST", body: JSON.stringify(body) });
    await respond({ replace_original: true, text: "done" });
    expect(slack.ephemerals("U0ALICE").map((each) => each.text)).toEqual(["done"]);
    expect((await respond({ replace_original: true, blocks: [{ type: "nope" }] })).status).toBe(400);
    await respond({ delete_original: true });
    expect(slack.ephemerals("U0ALICE")).toEqual([]);
    await expect(slack.click("U0GUEST", asked ?? { channel: "", ts: "" }, "approve")).rejects.toThrow(
      "sees no message",
    );
  });
});

it("waits for changes instead of asking again and again, and says what it saw when it gives up", async () => {
  let looks = 0;
  const waiting = slack.waitFor(() => {
    looks += 1;
    return slack.messages("C0OPS").find((each) => each.text === "third");
  });
  await post("first");
  await post("second");
  await post("third");
  expect((await waiting).text).toBe("third");
  expect(looks).toBeLessThan(12);
  await expect(slack.waitFor(() => undefined, 20)).rejects.toThrow(
    /not seen within 20 ms.*\n.*chat\.postMessage ok/s,
  );
});
