import { WebClient } from "@slack/web-api";
import { describe, expect, it } from "vitest";
import { startLocalSlack } from "../../../local/slack/server.ts";
import { card, PNG, quiet } from "./bot.ts";
import { refused, webApiRig } from "./web-api-rig.ts";

const rig = webApiRig();

describe("who may call", () => {
  it("refuses no token, an unknown one, the wrong kind, and an unknown method", async () => {
    const bare = await fetch(`${rig.slack.apiUrl}auth.test`, { method: "POST" });
    expect(await bare.json()).toEqual({ ok: false, error: "not_authed" });
    expect(await refused(rig.connect("xoxb-stolen").auth.test())).toBe("invalid_auth");
    expect(await refused(rig.connect(rig.slack.token).apps.connections.open({}))).toBe(
      "not_allowed_token_type",
    );
    expect(await refused(rig.client.apiCall("chat.shout", { text: "x" }))).toBe("unknown_method");
    expect(await rig.client.auth.test()).toMatchObject({
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
    await fetch(`${rig.slack.apiUrl}auth.test`, {
      method: "POST",
      body: new URLSearchParams({ token: "xoxb-secret" }),
    });
    expect(rig.slack.calls[0]).toMatchObject({ method: "auth.test", ok: false, error: "invalid_auth" });
    expect(JSON.stringify(rig.slack.calls)).not.toContain("xoxb-secret");
  });
});

describe("messages", () => {
  it("names what is missing or wrong", async () => {
    const call = (method: string, args: Record<string, unknown>) =>
      rig.client.apiCall(method, args).catch((error) => error.data);
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
    expect(await refused(rig.client.chat.postMessage({ channel: "C0NONE", text: "x" }))).toBe(
      "channel_not_found",
    );
    expect(await refused(rig.client.chat.postMessage({ channel: "C0OTHER", text: "x" }))).toBe(
      "not_in_channel",
    );
    expect(await refused(rig.client.chat.postMessage({ channel: "C0OLD", text: "x" }))).toBe("is_archived");
    expect(await refused(rig.post("x", { thread_ts: "1.000001" }))).toBe("thread_not_found");
    expect(await refused(rig.post("x", { metadata: { event_type: "" } }))).toBe("invalid_metadata_format");
  });

  it("may be changed and deleted by the app that wrote them only", async () => {
    const mine = await rig.post("mine", { blocks: card("shop") });
    const hers = await rig.slack.say("U0ALICE", "C0OPS", "hers");
    expect(await refused(rig.client.chat.update({ channel: "C0OPS", ts: hers.ts, text: "ours" }))).toBe(
      "cant_update_message",
    );
    expect(await refused(rig.client.chat.delete({ channel: "C0OPS", ts: hers.ts }))).toBe(
      "cant_delete_message",
    );
    expect(await refused(rig.client.chat.update({ channel: "C0OPS", ts: "1.1", text: "x" }))).toBe(
      "message_not_found",
    );
    expect(
      await refused(rig.client.chat.update({ channel: "C0OPS", ts: mine, text: "x".repeat(4001) })),
    ).toBe("msg_too_long");
    await rig.client.chat.update({ channel: "C0OPS", ts: mine, text: "only text" });
    expect(rig.slack.messages("C0OPS")[0]).toMatchObject({
      text: "only text",
      edited: { user: "U0DIAGBOT" },
    });
    expect(rig.slack.messages("C0OPS")[0]?.blocks).toBeUndefined();
    await rig.client.chat.delete({ channel: "C0OPS", ts: mine });
    expect(rig.slack.messages("C0OPS").map((each) => each.text)).toEqual(["hers"]);
  });

  it("leave a tombstone when they had replies", async () => {
    const root = await rig.post("root");
    await rig.post("reply", { thread_ts: root });
    await rig.client.chat.delete({ channel: "C0OPS", ts: root });
    expect(rig.slack.messages("C0OPS", { thread: root }).map((each) => each.text)).toEqual([
      "This message was deleted.",
      "reply",
    ]);
  });

  it("keep their metadata, which is shown to those who ask for it", async () => {
    const metadata = { event_type: "slot", event_payload: { id: "run-1", rev: 3 } };
    const root = await rig.post("root", { metadata });
    const reply = await rig.post("reply", { thread_ts: root, metadata });
    await rig.client.chat.update({ channel: "C0OPS", ts: reply, text: "newer" });
    const plain = await rig.client.conversations.history({ channel: "C0OPS" });
    expect(plain.messages?.[0]?.metadata).toBeUndefined();
    const told = await rig.client.conversations.replies({
      channel: "C0OPS",
      ts: root,
      include_all_metadata: true,
    });
    expect(told.messages?.map((each) => each.metadata)).toEqual([metadata, metadata]);
    await rig.client.chat.update({
      channel: "C0OPS",
      ts: reply,
      text: "newest",
      metadata: { event_type: "slot", event_payload: { rev: 4 } },
    });
    const again = await rig.client.conversations.replies({
      channel: "C0OPS",
      ts: root,
      include_all_metadata: true,
    });
    expect(again.messages?.[1]?.metadata?.event_payload).toEqual({ rev: 4 });
  });

  it("are read back by time and page by page", async () => {
    const stamps: string[] = [];
    for (let count = 0; count < 7; count += 1) stamps.push(await rig.post(`message ${count}`));
    const texts = (answer: { messages?: { text?: string }[] }) => answer.messages?.map((each) => each.text);
    const first = await rig.client.conversations.history({ channel: "C0OPS", limit: 3 });
    expect(texts(first)).toEqual(["message 6", "message 5", "message 4"]);
    expect(first.has_more).toBe(true);
    await rig.post("meanwhile");
    const cursor = first.response_metadata?.next_cursor ?? "";
    expect(texts(await rig.client.conversations.history({ channel: "C0OPS", limit: 3, cursor }))).toEqual([
      "message 3",
      "message 2",
      "message 1",
    ]);
    const between = { channel: "C0OPS", oldest: stamps[2] ?? "", latest: stamps[4] ?? "" };
    expect(texts(await rig.client.conversations.history(between))).toEqual(["message 3"]);
    expect(texts(await rig.client.conversations.history({ ...between, inclusive: true }))).toEqual([
      "message 4",
      "message 3",
      "message 2",
    ]);
    expect(await refused(rig.client.conversations.history({ channel: "C0OPS", cursor: "bogus!" }))).toBe(
      "invalid_cursor",
    );
  });

  it("of a thread come oldest first, with the root on top", async () => {
    const root = await rig.post("root");
    for (let count = 0; count < 4; count += 1) await rig.post(`reply ${count}`, { thread_ts: root });
    await rig.post("told to all", { thread_ts: root, reply_broadcast: true });
    const page = await rig.client.conversations.replies({ channel: "C0OPS", ts: root, limit: 2 });
    expect(page.messages?.map((each) => each.text)).toEqual(["root", "reply 0"]);
    expect(page.messages?.[0]).toMatchObject({ reply_count: 5, thread_ts: root });
    const cursor = page.response_metadata?.next_cursor ?? "";
    const rest = await rig.client.conversations.replies({ channel: "C0OPS", ts: root, limit: 10, cursor });
    expect(rest.messages).toHaveLength(4);
    const channel = await rig.client.conversations.history({ channel: "C0OPS" });
    expect(channel.messages?.map((each) => each.text)).toEqual(["told to all", "root"]);
    expect(await refused(rig.client.conversations.replies({ channel: "C0OPS", ts: "1.000001" }))).toBe(
      "thread_not_found",
    );
  });

  it("for one person are in nobody's history", async () => {
    const { message_ts } = await rig.client.chat.postEphemeral({
      channel: "C0OPS",
      user: "U0ALICE",
      text: "psst",
    });
    expect(rig.slack.ephemerals("U0ALICE")[0]).toMatchObject({ ts: message_ts, text: "psst" });
    expect((await rig.client.conversations.history({ channel: "C0OPS" })).messages).toEqual([]);
    expect(await refused(rig.client.chat.update({ channel: "C0OPS", ts: message_ts ?? "", text: "x" }))).toBe(
      "message_not_found",
    );
  });

  it("take reactions", async () => {
    const ts = await rig.post("look");
    const eyes = { channel: "C0OPS", timestamp: ts, name: "eyes" };
    await rig.client.reactions.add(eyes);
    expect(rig.slack.messages("C0OPS")[0]?.reactions).toEqual([{ name: "eyes", users: ["U0DIAGBOT"] }]);
    expect(await refused(rig.client.reactions.add(eyes))).toBe("already_reacted");
    expect(await refused(rig.client.reactions.add({ ...eyes, name: "no_such_face" }))).toBe("invalid_name");
    await rig.client.reactions.remove(eyes);
    expect(rig.slack.messages("C0OPS")[0]?.reactions).toBeUndefined();
    expect(await refused(rig.client.reactions.remove(eyes))).toBe("no_reaction");
  });
});

describe("people and places", () => {
  it("tell guests, strangers, bots and the deleted apart", async () => {
    const user = async (id: string) => (await rig.client.users.info({ user: id })).user;
    expect(await user("U0GUEST")).toMatchObject({
      is_restricted: true,
      is_ultra_restricted: true,
      is_bot: false,
    });
    expect(await user("U0GONE")).toMatchObject({ deleted: true });
    expect(await user("U0PARTNER")).toMatchObject({ is_stranger: true, team_id: "T0PARTNER" });
    expect(await user("U0DIAGBOT")).toMatchObject({ is_bot: true });
    expect(await refused(rig.client.users.info({ user: "U0NOBODY" }))).toBe("user_not_found");
    expect((await rig.client.users.lookupByEmail({ email: "alice@example.com" })).user?.id).toBe("U0ALICE");
    expect(await refused(rig.client.users.lookupByEmail({ email: "gone@example.com" }))).toBe(
      "users_not_found",
    );
    expect((await rig.client.users.list({})).members?.map((each) => each.id)).toContain("U0GUEST");
    expect((await rig.client.usergroups.users.list({ usergroup: "S0DBA" })).users).toEqual(["U0ALICE"]);
    expect((await rig.client.usergroups.list()).usergroups?.[0]?.handle).toBe("dba");
  });

  it("tell shared, archived and direct conversations apart", async () => {
    expect((await rig.client.conversations.info({ channel: "C0SHARED" })).channel).toMatchObject({
      is_ext_shared: true,
    });
    expect((await rig.client.conversations.info({ channel: "C0OTHER" })).channel).toMatchObject({
      is_member: false,
    });
    expect((await rig.client.conversations.members({ channel: "C0OTHER" })).members).toEqual(["U0ALICE"]);
    const direct = (await rig.client.conversations.open({ users: "U0ALICE" })).channel?.id ?? "";
    await rig.client.chat.postMessage({ channel: "U0ALICE", text: "just you" });
    expect(rig.slack.messages(direct).map((each) => each.text)).toEqual(["just you"]);
    const listed = await rig.client.conversations.list({
      types: "public_channel,im",
      exclude_archived: true,
    });
    expect(listed.channels?.map((each) => each.name)).toEqual(["ops", "shared", "other", direct]);
    const info = { bot: "B0DIAGBOT" };
    expect((await rig.client.bots.info(info)).bot?.user_id).toBe("U0DIAGBOT");
    expect((await rig.client.team.info()).team?.id).toBe("T0LOCAL");
  });

  it("have permanent addresses that lead into the page", async () => {
    const ts = await rig.post("here");
    const { permalink } = await rig.client.chat.getPermalink({ channel: "C0OPS", message_ts: ts });
    const answer = await fetch(permalink ?? "", { redirect: "manual" });
    expect(answer.headers.get("location")).toBe(`/#C0OPS/${ts}`);
  });
});

describe("files", () => {
  it("must be as long as announced, and complete before anybody sees them", async () => {
    const { upload_url, file_id } = await rig.client.files.getUploadURLExternal({
      filename: "a.png",
      length: PNG.length,
    });
    const finish = () =>
      rig.client.files.completeUploadExternal({ files: [{ id: file_id ?? "" }], channel_id: "C0OPS" });
    expect(await refused(finish())).toBe("file_not_found");
    expect((await fetch(upload_url ?? "", { method: "POST", body: "short" })).status).toBe(400);
    expect((await fetch(upload_url ?? "", { method: "POST", body: new Uint8Array(PNG) })).status).toBe(200);
    expect(rig.slack.files()).toEqual([]);
    await finish();
    expect((await rig.client.files.info({ file: file_id ?? "" })).file).toMatchObject({
      mimetype: "image/png",
    });
    expect(rig.slack.messages("C0OPS")[0]?.files?.[0]?.data.equals(PNG)).toBe(true);
  });

  it("that are not plain pictures are never shown in place", async () => {
    const script = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    await rig.client.filesUploadV2({ channel_id: "C0OPS", content: script, filename: "evil.svg" });
    const answer = await fetch(rig.slack.files()[0]?.url_private ?? "");
    expect(answer.headers.get("content-disposition")).toMatch(/^attachment/);
    expect(answer.headers.get("content-type")).toBe("application/octet-stream");
  });
});
