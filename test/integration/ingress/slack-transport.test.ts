import { once } from "node:events";
import { connect } from "node:net";
import pino from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkSlack } from "../../../src/ingress/slack/check.ts";
import { createSocketSide } from "../../../src/ingress/slack/receiver/socket.ts";
import { openPool } from "../../../src/store/pool.ts";
import { until } from "../../helpers/until.ts";
import { type SlackBench, startSlackBench, textOf } from "./slack-bench.ts";
import { doorRig } from "./slack-rig.ts";

const rig = doorRig("slack_transport");

describe("in HTTP mode", () => {
  let bench: SlackBench;
  beforeAll(async () => {
    bench = await startSlackBench("http", rig.pool);
  });
  afterAll(() => bench.stop());
  const post = (body: string, headers: Record<string, string>) =>
    fetch(`${bench.url}/slack/events`, {
      method: "POST",
      body: Buffer.from(body),
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    });
  const form = (trigger: string) =>
    new URLSearchParams({
      command: "/diag",
      text: "orders",
      team_id: "T0LOCAL",
      user_id: "U0ALICE",
      channel_id: "C0OPS",
      trigger_id: trigger,
      response_url: "http://127.0.0.1:1/",
    }).toString();
  const now = () => Math.floor(Date.now() / 1000);

  it("refuses old, future, unsigned, altered and replayed requests", async () => {
    const before = await rig.count("run");
    const body = form("t-1");
    expect((await post(body, {})).status).toBe(401);
    expect((await post(body, bench.slack.sign(body, now() - 301))).status).toBe(401);
    expect((await post(body, bench.slack.sign(body, now() + 302))).status).toBe(401);
    expect((await post(`${body}x`, bench.slack.sign(body))).status).toBe(401);
    expect(await rig.count("run")).toBe(before);
    const headers = bench.slack.sign(body);
    const answers = await Promise.all(Array.from({ length: 100 }, () => post(body, headers)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await rig.count("run")).toBe(before + 1);
  });

  it("a signature is spent in every process, also after a restart", async () => {
    const before = await rig.count("run");
    const body = form("t-0");
    const headers = bench.slack.sign(body);
    expect((await post(body, headers)).status).toBe(200);
    // Another process with the same secret and database, whose memory is empty.
    const other = await startSlackBench("http", rig.pool);
    const again = await fetch(`${other.url}/slack/events`, {
      method: "POST",
      body,
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    });
    expect([again.status, await again.json()]).toEqual([401, { reason: "a repeat" }]);
    expect(await rig.count("run")).toBe(before + 1);
    await other.stop();
  });

  it("looks at the headers before it reads the body", async () => {
    const { port } = new URL(bench.url);
    const headers = {
      ...bench.slack.sign("x"),
      "x-slack-signature": "v0=nonsense",
      "content-length": "900000",
    };
    const head = Object.entries({ host: "x", ...headers }).map(([name, value]) => `${name}: ${value}`);
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(`POST /slack/events HTTP/1.1\r\n${head.join("\r\n")}\r\n\r\n`);
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 401/);
    socket.destroy();
  });

  it("takes nothing for another app, and nothing that is no payload", async () => {
    const before = await rig.count("run");
    const signed = (body: string, type = "application/x-www-form-urlencoded") =>
      post(body, { ...bench.slack.sign(body), "content-type": type });
    expect((await signed(`${form("t-app")}&api_app_id=A0OTHER`)).status).toBe(401);
    expect((await signed(`${form("t-app")}&api_app_id=A0DIAGBOT`)).status).toBe(200);
    expect(await rig.count("run")).toBe(before + 1);
    for (const body of ["null", "[]", "7", "{", '{"api_app_id":{}}'])
      expect((await signed(body, "application/json")).status).toBe(400);
    for (const body of ["payload=null", "payload=%7B", "payload=1&payload=2"])
      expect((await signed(body)).status).toBe(400);
  });

  it("understands a command without text, and says so where text stands there twice", async () => {
    const say = async (body: string) => (await post(body, bench.slack.sign(body))).text();
    expect(await say(form("t-none").replace("text=orders&", ""))).toMatch(/the form could not be opened/);
    expect(await say(`${form("t-twice")}&text=orders`)).toMatch(/did not arrive in one piece/);
    expect(await say(`${form("t-users")}&user_id=U0BOB`)).toMatch(/did not arrive as Slack sends it/);
  });

  it("one command delivered again with another signature is one run", async () => {
    const before = await rig.count("run");
    const body = form("t-2");
    for (const at of [now(), now() - 1, now() + 1])
      expect((await post(body, bench.slack.sign(body, at))).status).toBe(200);
    expect(await rig.count("run")).toBe(before + 1);
  });

  it("answers Slack's certificate check and refuses large bodies", async () => {
    expect((await post("ssl_check=1&token=x", {})).status).toBe(200);
    expect((await post("x".repeat(1_100_000), {})).status).toBe(413);
  });
});

describe("when things are slow or away", () => {
  it("acknowledges in time with the truth, and tells the rest later", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const bench = await startSlackBench("http", rig.pool, (intake) => ({
      ...intake,
      submitRun: async (entry, request) => {
        await held;
        return intake.submitRun(entry, request);
      },
    }));
    const began = performance.now();
    const ack = await bench.slack.command("U0ALICE", "C0OPS", "/diag", "orders");
    // It does not wait until it is stored, which here would be for ever.
    expect(performance.now() - began).toBeLessThan(30_000);
    expect(textOf(ack)).toMatch(/not accepted yet/);
    release();
    await bench.slack.waitFor((slack) =>
      slack.ephemerals("U0ALICE").some((shown) => /Run #\d+/.test(textOf(shown))),
    );
    await bench.stop();
  });

  it("says not accepted when Postgres is away", async () => {
    const nowhere = openPool("postgres://postgres@127.0.0.1:1/none");
    const bench = await startSlackBench("http", nowhere);
    expect(textOf(await bench.slack.command("U0ALICE", "C0OPS", "/diag", "orders"))).toMatch(/Not accepted/);
    await bench.slack.command("U0ALICE", "C0OPS", "/diag");
    expect(bench.slack.view("U0ALICE")?.callback_id).toBe("diag:form");
    await bench.stop();
    await nowhere.end();
  });

  it("drops frames that are none of Slack's, and lives on", async () => {
    const bench = await startSlackBench("socket", rig.pool);
    await bench.slack.waitFor((slack) => slack.connected === 2);
    const envelope = { envelope_id: "e-1", accepts_response_payload: true };
    const event = (type: string) => ({ ...envelope, type: "events_api", payload: { event: { type } } });
    for (const frame of [
      ...[null, 7, [], {}, "x", { type: null }, { type: "error" }, { type: "disconnected" }],
      ...[
        { ...envelope, type: "slash_commands" },
        { ...envelope, type: "interactive", payload: null },
      ],
      ...[{ ...envelope, type: "events_api", payload: {} }, event("error"), event("disconnected")],
      { ...envelope, type: "interactive", payload: { api_app_id: "A0OTHER", type: "block_actions" } },
      { ...envelope, type: "interactive", payload: { api_app_id: {}, type: "block_actions" } },
    ])
      bench.slack.sendRawFrame(JSON.stringify(frame));
    bench.slack.sendRawFrame("{");
    expect(textOf(await bench.slack.command("U0ALICE", "C0OPS", "/diag", "list"))).toMatch(/orders/);
    expect([bench.slack.connected, bench.door.health().ok]).toEqual([2, true]);
    await bench.stop();
  });

  it("keeps two sockets open through refreshes and cuts", async () => {
    const bench = await startSlackBench("socket", rig.pool);
    await bench.slack.waitFor((slack) => slack.connected === 2);
    for (const hurt of [() => bench.slack.disconnectSockets(), () => bench.slack.cutSockets()]) {
      hurt();
      await bench.slack.waitFor((slack) => slack.connected < 2);
      await until(() => bench.door.health().ok && bench.slack.connected === 2);
      expect(textOf(await bench.slack.command("U0ALICE", "C0OPS", "/diag", "list"))).toMatch(/orders/);
    }
    await bench.stop();
    expect(bench.slack.connected).toBe(0);
  });

  it("one app token in two bots is said by health and by doctor, and one bot is as it should be", async () => {
    const bench = await startSlackBench("socket", rig.pool);
    await bench.slack.waitFor((slack) => slack.connected === 2);
    const { apiUrl, token, appToken } = bench.slack;
    const socket = async () =>
      (await checkSlack({ botToken: token, appToken, apiUrl }, [])).find(
        ({ name }) => name === "slack socket",
      );
    expect(await socket()).toEqual({
      name: "slack socket",
      ok: true,
      detail: "Socket Mode is on; 2 connections of this app are open",
    });
    await until(() => bench.slack.connected === 2);
    expect(bench.door.health().detail).toMatch(/2 sockets$/);
    const others = [1, 2].map(() =>
      createSocketSide({ appToken, apiUrl, app: () => undefined }, pino({ level: "silent" })),
    );
    await Promise.all(others.map((other) => other.open()));
    await bench.slack.waitFor((slack) => slack.connected === 6);
    expect(await socket()).toMatchObject({
      ok: true,
      isDoubtful: true,
      detail: expect.stringContaining("6 connections"),
    });
    bench.slack.cutSockets();
    await until(
      () =>
        bench.door.health().ok &&
        /2 of [3-6] sockets that Slack holds for this app/.test(bench.door.health().detail),
    );
    await Promise.all(others.map((other) => other.close()));
    await bench.stop();
  });

  it("a Slack that does not know us is shown by health and tried again", async () => {
    const bench = await startSlackBench("http", rig.pool, undefined, (slack) =>
      slack.faults.add({ kind: "error", method: "auth.test", error: "invalid_auth", times: 1 }),
    );
    expect(bench.door.health()).toEqual({ ok: false, detail: "Slack said invalid_auth" });
    await until(() => bench.door.health().ok);
    expect(textOf(await bench.slack.command("U0ALICE", "C0OPS", "/diag", "list"))).toMatch(/orders/);
    await bench.stop();
  });

  it.each(["users.info", "conversations.info"])(
    "a vote is refused while %s does not answer",
    async (method) => {
      const bench = await startSlackBench("http", rig.pool);
      const { id, card } = await rig.waitingRemedy(bench, "remedy:approve");
      bench.slack.faults.add({ kind: "error", method, error: "internal_error" });
      await bench.slack.click("U0BOB", card, "remedy:approve");
      await bench.slack.waitFor((slack) =>
        slack.ephemerals("U0BOB").find((shown) => /could not look up/.test(textOf(shown))),
      );
      expect(await rig.approvalState(id)).toBe("pending");
      await bench.slack.click("U0BOB", card, "remedy:approve");
      expect(await rig.approvalState(id)).toBe("approved");
      await bench.stop();
    },
  );

  it("doctor names what is wrong with tokens and channels", async () => {
    const bench = await startSlackBench("socket", rig.pool);
    const { apiUrl, token, appToken } = bench.slack;
    const found = await checkSlack({ botToken: token, appToken, apiUrl }, [
      "C0OPS",
      "C0PRIVATE",
      "C0NOWHERE",
      "C0SHARED",
    ]);
    expect(found.map(({ ok }) => ok)).toEqual([true, true, true, false, false, false]);
    expect(found.slice(3).map(({ detail, fix }) => `${detail}; ${fix}`)).toEqual([
      expect.stringMatching(/not in the channel; invite it there/),
      expect.stringMatching(/private without diagbot in it, or the id is wrong; invite it there/),
      expect.stringMatching(/another organisation.*; name a channel of your own/),
    ]);
    expect(await checkSlack({ botToken: "xoxb-wrong", apiUrl }, ["C0OPS"])).toMatchObject([
      { ok: false, detail: "invalid_auth" },
    ]);
    await bench.stop();
  });
});
