import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from "@slack/web-api";
import { describe, expect, it } from "vitest";
import type { ShownMessage } from "../../../src/core/ports/message-store.ts";
import { classify } from "../../../src/thread/send/classify.ts";
import { type Doubts, difference, digestOf } from "../../../src/thread/send/difference.ts";
import { findPosted, Identity } from "../../../src/thread/send/find.ts";
import type { SeenMessage, SlackCalls } from "../../../src/thread/send/slack-calls.ts";
import type { WantedMessage } from "../../../src/thread/wanted.ts";

const wanted = (slot: string, more: Partial<WantedMessage> = {}): WantedMessage => ({
  slot,
  kind: "message",
  urgent: false,
  text: slot,
  blocks: [],
  ...more,
});
const shown = (slot: string, more: Partial<ShownMessage> = {}): ShownMessage => ({
  slot,
  channel: "C1",
  ts: "1.0",
  state: "sent",
  digest: digestOf(wanted(slot)),
  intentAt: new Date(0),
  attempts: 1,
  ...more,
});
const sure: Doubts = { isAbsent: () => false, isDeleted: () => false, isRefused: () => false };
const say = (messages: WantedMessage[], rows: ShownMessage[], doubts = sure) =>
  difference(messages, new Map(rows.map((row) => [row.slot, row])), doubts).map(
    ({ do: what, wanted: { slot } }) => `${what} ${slot}`,
  );

describe("the difference", () => {
  it("is nothing when everything is shown", () => {
    expect(say([wanted("head"), wanted("a")], [shown("head"), shown("a")])).toEqual([]);
  });
  it("posts the root alone before anything else", () => {
    expect(say([wanted("head"), wanted("a")], [])).toEqual(["post head"]);
    expect(say([wanted("head"), wanted("a")], [shown("head", { state: "sending" })])).toEqual(["find head"]);
  });
  it("looks before it posts again", () => {
    const rows = [shown("head"), shown("a", { state: "sending" })];
    expect(say([wanted("head"), wanted("a")], rows)).toEqual(["find a"]);
    expect(say([wanted("head"), wanted("a")], rows, { ...sure, isAbsent: () => true })).toEqual(["post a"]);
  });
  it("updates what people decide on first and progress last", () => {
    const messages = [wanted("head", { live: true }), wanted("a"), wanted("b", { urgent: true })];
    const rows = messages.map(({ slot }) => shown(slot, { digest: "old" }));
    expect(say(messages, rows)).toEqual(["update b", "update a", "update head"]);
  });
  it("leaves alone what a person deleted for good, and files that were sent", () => {
    const file = { name: "a.txt", title: "a", altText: "a", content: "new" };
    const messages = [wanted("head"), wanted("a"), wanted("f", { kind: "file", file })];
    expect(
      say(messages, [shown("head"), shown("a", { state: "gone" }), shown("f", { digest: "old" })]),
    ).toEqual([]);
  });
  it("says that it is over when everything else shows how it ended", () => {
    const messages = [wanted("head"), wanted("card", { urgent: true }), wanted("end", { closing: true })];
    const old = [shown("head", { digest: "old" }), shown("card", { digest: "old" })];
    expect(say(messages, old)).toEqual(["update card", "update head"]);
    expect(say(messages, [shown("head"), shown("card", { digest: "old" })])).toEqual(["update card"]);
    expect(say(messages, [shown("head"), shown("card")])).toEqual(["post end"]);
    // What Slack will not take for minutes, and files, do not keep the end back.
    const file = { name: "a.txt", title: "a", altText: "a", content: "new" };
    const withFile = [...messages, wanted("f", { kind: "file", file })];
    expect(say(withFile, [shown("head"), shown("card")])).toEqual(["post end", "post f"]);
    const refused = { ...sure, isRefused: (slot: string): boolean => slot === "card" };
    expect(say(messages, [shown("head"), shown("card", { digest: "old" })], refused)).toEqual([
      "post end",
      "update card",
    ]);
  });
  it("adds nothing to a thread whose root is gone", () => {
    expect(say([wanted("head"), wanted("a")], [shown("head", { state: "gone" })])).toEqual([]);
  });
});

describe("Slack's errors", () => {
  const platform = (error: string) => new WebAPIPlatformError({ ok: false, error });
  const network = (code: string) =>
    new WebAPIRequestError(
      Object.assign(new Error("fetch failed"), { cause: Object.assign(new Error(code), { code }) }),
    );
  const cases: [unknown, string][] = [
    [new WebAPIRateLimitedError(7), "limited"],
    [platform("ratelimited"), "limited"],
    [platform("internal_error"), "ambiguous"],
    [platform("fatal_error"), "ambiguous"],
    [platform("message_not_found"), "missing"],
    [platform("channel_not_found"), "place"],
    [platform("is_archived"), "place"],
    [platform("token_revoked"), "access"],
    [platform("invalid_blocks"), "content"],
    [platform("restricted_action_read_only_channel"), "place"],
    [platform("is_inactive"), "place"],
    [platform("restricted_action_thread_locked"), "missing"],
    [platform("team_added_to_org"), "unsent"],
    [platform("missing_scope"), "access"],
    [platform("account_inactive"), "access"],
    [platform("a_word_of_next_year"), "content"],
    [platform("cant_update_message"), "fixed"],
    [new WebAPIHTTPError(503, "", {}), "ambiguous"],
    [new WebAPIHTTPError(413, "", {}), "content"],
    // A proxy in between: what was drawn is not to blame.
    [new WebAPIHTTPError(403, "", {}), "access"],
    [new WebAPIHTTPError(407, "", {}), "access"],
    [network("ECONNREFUSED"), "unsent"],
    [network("ENOTFOUND"), "unsent"],
    [network("ECONNRESET"), "ambiguous"],
    [network("UND_ERR_SOCKET"), "ambiguous"],
    [new DOMException("The operation was aborted due to timeout", "TimeoutError"), "ambiguous"],
    ["what is this", "ambiguous"],
  ];
  for (const [error, kind] of cases)
    it(`${error instanceof Error ? error.message || error.name : String(error)} ${kind}`, () => {
      expect(classify(error, "chat.postMessage").kind).toBe(kind);
    });
  it("name the scope that is missing", () => {
    const answer = { ok: false as const, error: "missing_scope", needed: "files:write" };
    expect(classify(new WebAPIPlatformError(answer), "files.uploadV2")).toMatchObject({
      kind: "access",
      needed: "files:write",
    });
  });
  it("of the field: a private channel the bot is not in", () => {
    const answer = { ok: false as const, error: "channel_not_found", warning: "missing_charset" };
    expect(classify(new WebAPIPlatformError(answer), "chat.postMessage").kind).toBe("place");
  });
  it("say how long to wait", () => {
    expect(classify(new WebAPIRateLimitedError(7), "chat.update")).toMatchObject({
      ms: 7000,
      method: "chat.update",
    });
  });
});

describe("looking for a lost post", () => {
  const message = (ts: string, more: Partial<SeenMessage> = {}): SeenMessage => ({
    ts,
    botId: "B1",
    user: "U1",
    key: "7/head",
    digest: "d",
    files: [],
    ...more,
  });
  const pages = (...all: SeenMessage[][]): SlackCalls =>
    ({
      identity: async () => ({ kind: "ok", value: { botId: "B1", user: "U1" } }),
      read: async (_place: unknown, _oldest: string, cursor = "0") => ({
        kind: "ok",
        value: {
          messages: all[Number(cursor)] ?? [],
          next: Number(cursor) + 1 < all.length ? String(Number(cursor) + 1) : undefined,
        },
      }),
    }) as unknown as SlackCalls;
  const look = (slack: SlackCalls, what = wanted("head")) =>
    findPosted(
      slack,
      new Identity(),
      { place: { channel: "C1" }, key: "7/head", wanted: what, shown: shown("head", { digest: "meant" }) },
      0,
    );

  it("finds ours on any page, the oldest of two", async () => {
    const slack = pages(
      [message("9.0"), message("8.0", { key: "8/head" })],
      [message("5.0"), message("6.0", { key: undefined })],
    );
    expect(await look(slack)).toEqual({ kind: "ok", value: { ts: "5.0", digest: "d" } });
  });
  it("does not take another app's copy of our metadata for our post", async () => {
    expect(await look(pages([message("5.0", { botId: "B2", user: "U2" })]))).toEqual({
      kind: "ok",
      value: undefined,
    });
  });
  it("knows a file by its name", async () => {
    const file = { name: "run-7-plot-1.png", title: "", altText: "", content: "" };
    const slack = pages([
      message("5.0", { key: undefined, files: [{ id: "F1", name: "run-7-plot-1.png" }] }),
    ]);
    expect(await look(slack, wanted("p", { kind: "file", file }))).toEqual({
      kind: "ok",
      value: { ts: "F1", digest: "meant" },
    });
  });
});
