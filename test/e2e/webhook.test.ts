import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PostgresServer, startPostgres } from "../helpers/postgres-server.ts";
import { until } from "../helpers/until.ts";
import { webServer } from "../helpers/web-server.ts";
import { type AlertBody, alertOf, groupOf, recorded, send } from "./support/alerts.ts";
import { CONFIGURED, OPS } from "./support/people.ts";
import { textOf, threadWhere } from "./support/read.ts";
import { openStage, PATIENCE_MS, type Stage } from "./support/stage.ts";

/** Slack gives up after 3 s. */
/** Whoever takes longer waits for something that does not come. */
const HANGS_MS = 30_000;

describe("Alertmanager's door", () => {
  let postgres: PostgresServer;
  let stage: Stage;
  let site: Awaited<ReturnType<typeof webServer>>;

  beforeAll(async () => {
    postgres = await startPostgres();
    site = await webServer((_request, response) => response.end("ok"));
    stage = await openStage({
      ...{ label: "webhook", mode: "http", queue: "postgres", databaseUrl: postgres.url },
      config: {
        ...CONFIGURED,
        systems: {
          website: {
            match: [{ job: "website" }],
            connections: { web: { kind: "http", url: `http://127.0.0.1:${site.port}` } },
            thresholds: { p95Seconds: 20 },
          },
        },
      },
    });
  });
  afterAll(async () => {
    try {
      await stage?.close();
    } finally {
      await site?.close();
      await postgres?.stop();
    }
  });

  const post = (body: string, headers: Record<string, string>) =>
    fetch(`${stage.door.url}/webhooks/alertmanager`, { method: "POST", body, headers });
  const incidents = async () => (await stage.rows("SELECT id FROM incident")).length;

  it("401 without the right token, and nothing is stored", async () => {
    const body = JSON.stringify(alertOf({ alertname: "Refused", job: "website" }));
    const { alertmanagerToken } = stage.product;
    for (const authorization of [
      "",
      "Bearer ",
      "Bearer wrong",
      `Basic ${alertmanagerToken}`,
      `Bearer ${alertmanagerToken}x`,
    ]) {
      const answer = await post(body, { authorization });
      expect(answer.status).toBe(401);
      expect(await answer.json()).toHaveProperty("reason");
    }
    expect((await post(body, {})).status).toBe(401);
    expect(await incidents()).toBe(0);
  });

  it.each([
    ["not JSON", "{", /JSON/],
    ["an older version", { ...recorded("03-resolved"), version: "3" }, /version/],
    ["no alerts", { ...recorded("03-resolved"), alerts: [] }, /alerts/],
    [
      "an alert without a start",
      { ...recorded("03-resolved"), alerts: [{ status: "firing", labels: {} }] },
      /alerts\.0\.startsAt/,
    ],
  ])("400 for what can never be right: %s", async (_what, body, reason) => {
    const answer = await send(
      stage.product,
      stage.door,
      typeof body === "string" ? body : JSON.stringify(body),
    );
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { reason: string }).reason).toMatch(reason);
    expect(await incidents()).toBe(0);
  });

  it("413 while a body of 17 MB is still being sent, and one notice in Slack", async () => {
    for (let n = 0; n < 2; n++) {
      const { status, sent } = await stream(stage, 17 * 1_048_576);
      expect(status).toBe(413);
      expect(sent).toBeGreaterThan(15 * 1_048_576);
    }
    const notices = () => stage.slack.messages(OPS).filter(({ text }) => /too large/.test(text));
    await stage.slack.waitFor(() => notices().length > 0, PATIENCE_MS);
    const metrics = await (await fetch(`${stage.door.url}/metrics`)).text();
    expect(metrics).toMatch(/too_large[^\n]* 2$/m);
    expect(notices()).toHaveLength(1);
  });

  it("6,000 alerts in one group are taken while commands are answered", async () => {
    const group = groupOf({ alertname: "Everything", job: "website" }, new Date().toISOString());
    const [pattern] = group.alerts;
    if (pattern === undefined) throw new Error("the recorded group is empty");
    const alerts = Array.from({ length: 6_000 }, (_, n) => ({
      ...pattern,
      labels: { ...pattern.labels, instance: `10.0.${n >> 8}.${n & 255}:9100`, pod: `web-${n}` },
      annotations: { summary: `pod ${n} is down`, description: "d".repeat(500) },
    }));
    const body = JSON.stringify({ ...group, alerts } satisfies AlertBody);
    expect(body.length).toBeGreaterThan(5_000_000);
    let isDone = false;
    const sending = send(stage.product, stage.door, body).finally(() => {
      isDone = true;
    });
    let answeredMeanwhile = 0;
    while (!isDone) {
      expect(await stage.ask("U0BOB", "list")).toContain("website");
      if (!isDone) answeredMeanwhile += 1;
    }
    expect((await sending).status).toBe(200);
    expect(answeredMeanwhile, "it does not hold up the others").toBeGreaterThan(1);
    await stage.slack.waitFor(
      (slack) => textOf(threadWhere(slack, OPS, (root) => textOf(root.blocks).includes("6000 firing"))),
      PATIENCE_MS,
    );
  });

  it("503 while Postgres is away, the truth for people, and 200 for the same once it is back", async () => {
    const body = alertOf({ alertname: "AtTheWorstTime", job: "website" });
    await postgres.pause();
    const answer = await send(stage.product, stage.door, body);
    expect(answer.status).toBe(503);
    expect(((await answer.json()) as { reason: string }).reason).toMatch(/send it again/);
    const began = performance.now();
    expect(await stage.ask("U0BOB", "website")).toMatch(/not accepted/i);
    expect(performance.now() - began).toBeLessThan(HANGS_MS);
    expect((await fetch(`${stage.door.url}/health/ready`)).status).toBe(503);
    expect((await fetch(`${stage.door.url}/health/live`)).status).toBe(200);

    await postgres.start();
    const again = await until(async () => {
      const retried = await send(stage.product, stage.door, body);
      return retried.status === 200 && ((await retried.json()) as { news: string; runs: number[] });
    }, PATIENCE_MS);
    expect(again.news).toBe("opened");
    await stage.thread(again.runs[0] ?? 0, ([head]) =>
      textOf(head?.blocks).toLowerCase().includes("nothing wrong"),
    );
    await until(async () => (await fetch(`${stage.door.url}/health/ready`)).ok, PATIENCE_MS);
  });
});

/** Sends a body of that many bytes piece by piece, as far as it is taken. */
function stream(stage: Stage, bytes: number): Promise<{ status: number; sent: number }> {
  return new Promise((resolve, reject) => {
    let sent = 0;
    let isAnswered = false;
    const piece = Buffer.alloc(65_536, " ");
    const call = request(`${stage.door.url}/webhooks/alertmanager`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${stage.product.alertmanagerToken}`,
        "content-type": "application/json",
      },
    });
    call.on("response", (response) => {
      isAnswered = true;
      response.resume();
      resolve({ status: response.statusCode ?? 0, sent });
      call.destroy();
    });
    call.on("error", (error) => {
      if (!isAnswered) reject(error);
    });
    const push = (): void => {
      while (!isAnswered && sent < bytes) {
        sent += piece.length;
        if (!call.write(piece)) return void call.once("drain", push);
      }
      call.end();
    };
    push();
  });
}
