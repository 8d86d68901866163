import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Fault } from "../../local/slack/faults.ts";
import { until } from "../helpers/until.ts";
import { type TestServer, webServer } from "../helpers/web-server.ts";
import { CONFIGURED, OPS } from "./support/people.ts";
import { buttonsOf, threadOfRun } from "./support/read.ts";
import { openStage, PATIENCE_MS, type Stage } from "./support/stage.ts";

/** `method` of Slack's API goes wrong so often; each in a channel of its own. */
const TROUBLES: readonly (readonly [string, Fault])[] = [
  ["limited", { kind: "rateLimited", method: "chat.postMessage", times: 3, retryAfterSeconds: 1 }],
  ["broken", { kind: "status", method: "chat.postMessage", times: 2, status: 503 }],
  ["lost", { kind: "lostReply", method: "chat.postMessage", times: 2 }],
  ["internal", { kind: "error", method: "chat.postMessage", times: 1, error: "internal_error" }],
  ["updates", { kind: "lostReply", method: "chat.update", times: 2 }],
];

const channelOf = (name: string): string => `C0${name.toUpperCase()}`;

describe("a Slack that does not always answer", () => {
  let stage: Stage;
  let server: TestServer;
  beforeAll(async () => {
    // It answers once the thread is there, so that what it says is an update.
    server = await webServer((request, response) => {
      const channel = channelOf(request.url?.split("/")[1] ?? "");
      void stage.slack
        .waitFor((slack) => slack.messages(channel).length > 0, PATIENCE_MS)
        .finally(() => response.destroy());
    });
    stage = await openStage({
      ...{ label: "trouble", mode: "http", queue: "postgres" },
      channels: TROUBLES.map(([name]) => ({ id: channelOf(name), name })),
      config: {
        ...CONFIGURED,
        systems: Object.fromEntries(
          TROUBLES.map(([name]) => [name, { connections: { api: connectionOf(name) } }]),
        ),
      },
    });
  });
  afterAll(async () => {
    try {
      await stage?.close();
    } finally {
      await server?.close();
    }
  });
  const connectionOf = (name: string) => ({
    ...{ kind: "http", url: `http://127.0.0.1:${server.port}/${name}` },
  });

  it.concurrent.each(TROUBLES)("%s: every message is there once", async (name, fault) => {
    const channel = channelOf(name);
    stage.slack.faults.add({ ...fault, when: (args) => args.channel === channel });
    const run = await stage.run("U0ALICE", name, channel);
    await stage.thread(
      run,
      // Its own message says how it ended, and another what was found.
      (all) => all.length > 1 && !all.flatMap(buttonsOf).some(isCancel),
      channel,
    );
    const failed = () =>
      stage.slack.calls.filter(({ args, error }) => args.channel === channel && error !== undefined).length;
    // What was done although its answer was lost is sent again after it is to be seen.
    await until(() => failed() >= (fault.times ?? 1), PATIENCE_MS);
    expect(failed()).toBe(fault.times ?? 1);
    const keys = threadOfRun(stage.slack, channel, run).map(({ metadata }) =>
      String(metadata?.event_payload.k),
    );
    expect(keys.length).toBe(2);
    expect(new Set(keys).size).toBe(keys.length);
    expect(stage.slack.messages(channel)).toHaveLength(1);
  });

  it("refuses what Slack did not sign, what is old, from the future or sent again", async () => {
    const post = (body: string, headers: Record<string, string>) =>
      fetch(`${stage.door.url}/slack/events`, {
        method: "POST",
        body,
        headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      });
    const count = async () => (await stage.rows("SELECT id FROM run")).length;
    const now = Math.floor(Date.now() / 1000);
    const body = commandBody("forged.1");
    const signed = stage.slack.sign(body);
    const before = await count();
    const refused = [
      post(body, {}),
      post(body, { ...signed, "x-slack-signature": `v0=${"0".repeat(64)}` }),
      post(`${body}&text=limited+pg-locks`, signed),
      post(body, stage.slack.sign(body, now - 600)),
      post(body, stage.slack.sign(body, now + 600)),
    ];
    for (const answer of await Promise.all(refused)) expect(answer.status).toBe(401);
    expect(await count()).toBe(before);
    expect((await post(body, signed)).status).toBe(200);
    expect(await count()).toBe(before + 1);
    expect((await post(body, signed)).status).not.toBe(200);
    // Slack itself may deliver once more, signed anew.
    expect((await post(body, stage.slack.sign(body, now - 1))).status).toBe(200);
    expect(await count()).toBe(before + 1);
    const [run] = await stage.rows<{ id: number }>("SELECT max(id)::int AS id FROM run");
    await stage.slack.waitFor((slack) => threadOfRun(slack, OPS, run?.id ?? 0).length > 0, PATIENCE_MS);
  });
});

const isCancel = ({ actionId }: { actionId: string }): boolean => actionId === "run:cancel";

const commandBody = (trigger: string): string =>
  new URLSearchParams({
    ...{ command: "/diag", text: "limited", team_id: "T0LOCAL", user_id: "U0ALICE", channel_id: OPS },
    ...{ trigger_id: trigger, response_url: "http://127.0.0.1:1/" },
  }).toString();
