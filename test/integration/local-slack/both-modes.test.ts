import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LocalSlack } from "../../../local/slack/local-slack.ts";
import { startLocalSlack } from "../../../local/slack/server.ts";
import type { LocalMessage } from "../../../local/slack/types.ts";
import { type Bot, PNG, startBot } from "./bot.ts";

const ALICE = "U0ALICE";
const BOB = "U0BOB";
const OPS = "C0OPS";

describe.each(["http", "socket"] as const)("a Bolt app over %s", (mode) => {
  let slack: LocalSlack;
  let bot: Bot;

  beforeEach(async () => {
    slack = await startLocalSlack({ ackTimeoutMs: 1000 });
    bot = await startBot(slack, mode);
  });
  afterEach(async () => {
    await bot.stop();
    await slack.stop();
  });

  const diagnose = async (system: string): Promise<LocalMessage> => {
    await slack.command(ALICE, OPS, "/diag", system);
    const root = await slack.waitFor((now) =>
      now.messages(OPS).find((each) => each.text === `Diagnosing ${system}`),
    );
    return slack.waitFor((now) =>
      now.messages(OPS, { thread: root.ts }).find((each) => each.blocks !== undefined),
    );
  };

  it("is told over the transport it chose", async () => {
    await slack.command(ALICE, OPS, "/diag", "shop");
    expect(slack.deliveries[0]).toMatchObject({ via: mode, type: "slash_commands", retry: 0 });
    expect(slack.connected).toBe(mode === "socket" ? 1 : 0);
  });

  it("acknowledges a command, and only the person who typed it sees the answer", async () => {
    const ack = await slack.command(ALICE, OPS, "/diag", "shop");
    expect(ack).toMatchObject({ response_type: "ephemeral", text: "Diagnosing shop …" });
    expect(slack.ephemerals(ALICE).map((each) => each.text)).toEqual(["Diagnosing shop …"]);
    expect(slack.ephemerals(BOB)).toEqual([]);
  });

  it("answers a command in the channel when it asks for that", async () => {
    await slack.command(ALICE, OPS, "/diag", "public");
    expect(slack.messages(OPS).map((each) => each.text)).toEqual(["everybody sees this"]);
  });

  it("replies in a thread and uploads a picture there", async () => {
    const reply = await diagnose("shop");
    const root = reply.thread_ts ?? "";
    const upload = await slack.waitFor((now) =>
      now.messages(OPS, { thread: root }).find((each) => each.files),
    );
    expect(upload).toMatchObject({ thread_ts: root, user: "U0DIAGBOT" });
    expect(upload.files?.[0]).toMatchObject({
      name: "latency.png",
      title: "p99 latency",
      mimetype: "image/png",
    });
    expect(upload.files?.[0]?.data.equals(PNG)).toBe(true);
    expect(slack.files()).toHaveLength(1);
    const served = await fetch(upload.files?.[0]?.url_private ?? "");
    expect(Buffer.from(await served.arrayBuffer()).equals(PNG)).toBe(true);
    expect(slack.messages(OPS)).toHaveLength(1);
  });

  it("updates a message after a click, and answers through the response_url", async () => {
    const reply = await diagnose("shop");
    await slack.click(BOB, reply, "approve");
    const updated = await slack.waitFor((now) =>
      now
        .messages(OPS, { thread: reply.thread_ts ?? "" })
        .find((each) => each.ts === reply.ts && each.edited),
    );
    expect(updated.text).toBe("shop approved by <@U0BOB>");
    const thanks = await slack.waitFor((now) =>
      now.ephemerals(BOB).find((each) => each.text === "Thank you"),
    );
    expect(thanks.thread_ts).toBe(reply.thread_ts);
    await expect(slack.click(ALICE, updated, "approve")).rejects.toThrow('no element "approve"');
  });

  it("hears what was chosen from an overflow menu", async () => {
    const reply = await diagnose("shop");
    await slack.openOverflow(BOB, reply, "more", "mute");
    await slack.waitFor(() => bot.heard.includes("more: mute"));
    await expect(slack.openOverflow(BOB, reply, "more", "shout")).rejects.toThrow(
      'no option "shout"; it has: details, mute',
    );
  });

  it("keeps a form open with the app's errors, then closes it", async () => {
    const reply = await diagnose("shop");
    await slack.click(BOB, reply, "reject");
    await slack.waitFor((now) => now.view(BOB));
    expect(await slack.submit(BOB, { why: "" })).toMatchObject({
      errors: { why: "Please complete this required field." },
    });
    expect(slack.deliveries.some((each) => each.payload.type === "view_submission")).toBe(false);
    const ack = await slack.submit(BOB, { why: "no" });
    expect(ack).toMatchObject({ response_action: "errors", errors: { why: "at least 5 characters" } });
    expect(slack.view(BOB)?.errors).toEqual({ why: "at least 5 characters" });
    expect(slack.view(ALICE)).toBeUndefined();
    await slack.submit(BOB, { why: "not in business hours" });
    expect(slack.view(BOB)).toBeUndefined();
    await slack.waitFor((now) =>
      now
        .messages(OPS, { thread: reply.thread_ts ?? "" })
        .some((each) => each.text.includes("not in business hours")),
    );
  });

  it("hears that a form was closed when it asked to", async () => {
    const reply = await diagnose("shop");
    await slack.click(BOB, reply, "reject");
    await slack.waitFor((now) => now.view(BOB));
    await slack.close(BOB);
    expect(bot.heard).toContain("closed");
    expect(slack.view(BOB)).toBeUndefined();
  });

  it("changes its form when a system is chosen, and several people fill in forms at once", async () => {
    await Promise.all([slack.command(ALICE, OPS, "/diag", "form"), slack.command(BOB, OPS, "/diag", "form")]);
    await slack.waitFor((now) => now.view(ALICE) && now.view(BOB));
    await slack.selectInView(ALICE, "system", "bank");
    await slack.selectInView(BOB, "system", "shop");
    await slack.waitFor((now) => now.view(ALICE)?.blocks.length === 3 && now.view(BOB)?.blocks.length === 3);
    expect((await slack.suggest(ALICE, "owner", "pay")).map((option) => option.value)).toEqual([
      "pay-team",
      "pay-lead",
    ]);
    await slack.submit(ALICE, { "runbook-bank": "ledger-stuck", owner: "pay-lead" });
    const values = JSON.parse(bot.heard[0] ?? "{}");
    expect(values.system.system.selected_option.value).toBe("bank");
    expect(values["runbook-bank"].runbook.selected_option.value).toBe("ledger-stuck");
    expect(values.owner.owner.selected_option.value).toBe("pay-lead");
    expect(slack.view(BOB)?.blocks.at(-1)?.block_id).toBe("runbook-shop");
  });

  it("hears mentions, and publishes a home tab when somebody opens it", async () => {
    await slack.say(ALICE, OPS, "<@U0DIAGBOT> are you there?");
    expect(bot.heard).toContain("mention: <@U0DIAGBOT> are you there?");
    await slack.openHome(BOB);
    const home = await slack.waitFor((now) => now.home(BOB));
    expect(home.blocks[0]).toMatchObject({ type: "section", text: { text: "Hello <@U0BOB>" } });
  });

  it("lets a person see operation_timeout when nobody answers in time", async () => {
    await expect(slack.command(ALICE, OPS, "/diag", "silent")).rejects.toMatchObject({
      code: "operation_timeout",
    });
    expect(slack.ephemerals(ALICE).at(-1)).toMatchObject({
      user: "USLACKBOT",
      text: '/diag failed with the error "operation_timeout"',
    });
    await expect(slack.command(ALICE, OPS, "/nobody")).rejects.toThrow("operation_timeout");
  });

  it("takes two hundred commands at once", async () => {
    const patient = await startLocalSlack({ ackTimeoutMs: 15_000 });
    const busy = await startBot(patient, mode);
    const acks = await Promise.all(
      Array.from({ length: 200 }, () => patient.command(ALICE, OPS, "/diag", "public")),
    );
    expect(acks).toHaveLength(200);
    expect(new Set(patient.messages(OPS).map((each) => each.ts)).size).toBe(200);
    await busy.stop();
    await patient.stop();
  });
});
