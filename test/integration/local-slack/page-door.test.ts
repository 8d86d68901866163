import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LocalSlack } from "../../../local/slack/local-slack.ts";
import { startLocalSlack } from "../../../local/slack/server.ts";
import type { PanelEntry } from "../../../local/slack/types.ts";

let slack: LocalSlack;
let entry: PanelEntry;
let listed: number;

beforeEach(async () => {
  entry = { id: "disk/full", title: "Fill the disk", description: "Writes a large file", state: "ready" };
  listed = 0;
  slack = await startLocalSlack({
    commands: [{ name: "/diag", usage: "<system>", subcommands: [{ name: "list" }] }],
    complete: (text) => [{ text: `${text}shop`, label: "shop" }],
    panel: {
      title: "Break something",
      list: async () => {
        listed += 1;
        return [entry];
      },
      press: async (id) => {
        if (id !== entry.id) throw new Error(`nothing called ${id}`);
        entry = { ...entry, state: "broken" };
        return { ok: true, text: "full" };
      },
    },
  });
});
afterEach(() => slack.stop());

const post = (path: string, body: unknown, headers: Record<string, string> = { origin: slack.url }) =>
  fetch(slack.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const json = async (answer: Promise<Response>): Promise<unknown> => (await answer).json();

/** Reads server-sent events until `enough` says so. */
async function follow(enough: (frame: Frame, count: number) => boolean): Promise<Frame[]> {
  const stopping = new AbortController();
  const answer = await fetch(`${slack.url}/_page/events`, { signal: stopping.signal });
  const frames: Frame[] = [];
  let text = "";
  for await (const chunk of answer.body ?? []) {
    text += Buffer.from(chunk).toString();
    const parts = text.split("\n\n");
    text = parts.pop() ?? "";
    for (const part of parts) frames.push(JSON.parse(part.replace(/^data: /, "")));
    const last = frames.at(-1);
    if (last !== undefined && enough(last, frames.length)) break;
  }
  stopping.abort();
  return frames;
}

interface Frame {
  readonly messages: readonly { readonly text: string; readonly files?: readonly object[] }[];
  readonly removed: readonly { readonly ts: string }[];
  readonly modals: Record<string, unknown>;
  readonly commands: readonly { readonly name: string }[];
  readonly panel?: { readonly entries: readonly PanelEntry[] };
}

describe("the door of the page", () => {
  const asHost = (host: string) =>
    new Promise<number>((resolve, reject) => {
      const asked = request(`${slack.url}/`, { headers: { host } }, (answer) =>
        resolve(answer.statusCode ?? 0),
      );
      asked.on("error", reject).end();
    });

  it("answers to this machine's own names only", async () => {
    expect(await asHost("localhost:1234")).toBe(200);
    expect(await asHost("127.0.0.1")).toBe(200);
    expect(await asHost("evil.example")).toBe(421);
    expect(await asHost("127.0.0.1.evil.example")).toBe(421);
    expect(await asHost("localhost.evil.example:80")).toBe(421);
  });

  it("lets only its own page do things", async () => {
    const say = { user: "U0ALICE", channel: "C0OPS", text: "hi" };
    expect((await post("/_page/say", say, { origin: "http://evil.example" })).status).toBe(403);
    expect((await post("/_page/say", say, {})).status).toBe(403);
    expect((await post("/_page/say", say, { origin: slack.url, "content-type": "text/plain" })).status).toBe(
      403,
    );
    expect((await post("/_panel/disk%2Ffull", {}, { origin: "null" })).status).toBe(403);
    expect(slack.messages("C0OPS")).toEqual([]);
    expect(entry.state).toBe("ready");
    expect(await json(post("/_page/say", say))).toMatchObject({ ok: true, result: { text: "hi" } });
    expect((await post("/_page/dance", {})).status).toBe(404);
    expect(await json(post("/_page/say", { user: "U0NOBODY", channel: "C0OPS", text: "hi" }))).toEqual({
      ok: false,
      error: "user_not_found",
    });
  });

  it("serves its own files and nothing else", async () => {
    for (const [path, type] of [
      ["/", "text/html"],
      ["/main.js", "text/javascript"],
      ["/styles/base.css", "text/css"],
      ["/emoji.json", "application/json"],
      ["/favicon.ico", "image/svg+xml"],
    ] as const) {
      const answer = await fetch(slack.url + path);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(answer.headers.get("content-type")).toContain(type);
      expect(answer.headers.get("content-security-policy")).toContain("default-src 'self'");
    }
    for (const path of [
      "/../server.ts",
      "/%2e%2e/server.ts",
      "/..%2fserver.ts",
      "/mrkdwn.d.ts",
      "/styles/../../server.ts",
      "/none.js",
    ]) {
      expect([path, (await fetch(slack.url + path)).status]).toEqual([path, 404]);
    }
  });
});

describe("what the page is told", () => {
  it("is everything at first, then what changed", async () => {
    await slack.say("U0ALICE", "C0OPS", "before");
    const frames = await follow((_, count) => {
      if (count === 1) void slack.say("U0BOB", "C0OPS", "after");
      return count === 2;
    });
    expect(frames.map((frame) => frame.messages.map((each) => each.text))).toEqual([["before"], ["after"]]);
    expect(frames[0]?.commands[0]?.name).toBe("/diag");
  });

  it("gathers a burst of changes into few frames", async () => {
    const frames = await follow((frame, count) => {
      if (count === 1)
        for (let message = 0; message < 100; message += 1) void slack.say("U0BOB", "C0OPS", `${message}`);
      return frame.messages.some((each) => each.text === "99");
    });
    expect(frames.length).toBeLessThan(5);
  });

  it("completes what is typed", async () => {
    expect(await json(post("/_page/complete", { text: "/diag " }))).toEqual({
      ok: true,
      result: [{ text: "/diag shop", label: "shop" }],
    });
  });

  it("includes the panel, asked for again when a button was pressed or the host says so", async () => {
    const pressed = await follow((frame, count) => {
      if (count === 1) void post("/_panel/disk%2Ffull", {});
      return frame.panel?.entries[0]?.state === "broken";
    });
    expect(pressed[0]?.panel?.entries).toEqual([{ ...entry, state: "ready" }]);
    const before = listed;
    for (let message = 0; message < 5; message += 1) await slack.say("U0BOB", "C0OPS", `${message}`);
    expect(listed).toBe(before);
    const changed = await follow((frame, count) => {
      if (count === 1) {
        entry = { ...entry, state: "busy" };
        slack.panelChanged();
      }
      return frame.panel?.entries[0]?.state === "busy";
    });
    expect(changed.length).toBeGreaterThan(1);
    expect(await json(post("/_panel/none", {}))).toEqual({ ok: false, text: "nothing called none" });
  });

  it("leaves the panel out when there is none", async () => {
    const bare = await startLocalSlack();
    const answer = await fetch(`${bare.url}/_panel/x`, {
      method: "POST",
      headers: { origin: bare.url, "content-type": "application/json" },
      body: "{}",
    });
    expect(answer.status).toBe(404);
    await bare.stop();
  });
});

it("stops with pages and calls still open, and can be stopped twice", async () => {
  const page = await fetch(`${slack.url}/_page/events`);
  slack.faults.add({ kind: "delay", method: "auth.test", delayMs: 60_000 });
  const slow = fetch(`${slack.apiUrl}auth.test`, { method: "POST" }).catch((error: Error) => error.message);
  const started = performance.now();
  await slack.stop();
  await slack.stop();
  expect(performance.now() - started).toBeLessThan(30_000);
  expect(await slow).toBe("fetch failed");
  await page.body?.cancel().catch(() => {});
});
