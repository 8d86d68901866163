import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commands } from "../../../commands/index.ts";
import { createWebhook } from "../../../src/ingress/alertmanager/webhook.ts";
import { standardRoutes } from "../../../src/ingress/http/routes.ts";
import { createHttpServer } from "../../../src/ingress/http/server.ts";
import { createDoor } from "../../../src/ingress/receive.ts";
import { createIntake } from "../../../src/store/intake.ts";
import { openPool, type Pool } from "../../../src/store/pool.ts";
import { createReader } from "../../../src/store/reader.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";
import { notification } from "./alert-fixtures.ts";
import { catalog } from "./slack-bench.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const logger = pino({ level: "silent" });

async function serve(pool: Pool) {
  const intake = createIntake({ pool, onCommit: () => {} });
  const door = createDoor({ catalog, commands, intake, reader: createReader(pool), logger });
  const server = createHttpServer({
    logger,
    routes: standardRoutes({
      alertmanager: createWebhook({ token: TOKEN, door, logger }),
      health: async () => ({ status: "ok", ready: true, components: {} }),
      metrics: async () => ({ contentType: "text/plain", text: "" }),
    }),
  });
  const { port } = await server.listen(0, "127.0.0.1");
  const deliver = (body: unknown) =>
    fetch(`http://127.0.0.1:${port}/webhooks/alertmanager`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify(body),
    });
  return { deliver, close: () => server.close(1_000) };
}

describe("POST /webhooks/alertmanager over the real store", () => {
  let database: FreshDatabase;
  let pool: Pool;
  beforeAll(async () => {
    database = await freshDatabase("webhook");
    pool = openPool(database.url);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it("200 means stored: the answer names the incident", async () => {
    const { deliver, close } = await serve(pool);
    const answer = await deliver(notification([{ name: "a" }]));
    expect(answer.status).toBe(200);
    const { incident } = (await answer.json()) as { incident: number };
    expect((await pool.query("SELECT status FROM incident WHERE id = $1", [incident])).rows).toEqual([
      { status: "firing" },
    ]);
    expect((await pool.query("SELECT source, state FROM inbox")).rows).toEqual([
      { source: "alertmanager", state: "done" },
    ]);
    await close();
  });

  it("a storm of 100 groups from three peers is one incident a group, answered long before a peer gives up", async () => {
    const { deliver, close } = await serve(pool);
    const groups = Array.from({ length: 100 }, (_, n) =>
      notification(
        Array.from({ length: 10 }, (_unused, at) => ({ name: `storm-${n}-${at}` })),
        { groupKey: `{}:{storm="${n}"}` },
      ),
    );
    const times: number[] = [];
    for (let peer = 0; peer < 3; peer++) {
      const began = performance.now();
      const answers = await Promise.all(
        groups.map(async (group) => {
          const answer = await deliver({ ...group, externalURL: `http://peer-${peer}:9093` });
          times.push(performance.now() - began);
          return answer.status;
        }),
      );
      expect(new Set(answers)).toEqual(new Set([200]));
    }
    const stored = await pool.query("SELECT count(*) AS n FROM incident WHERE group_key LIKE '%storm%'");
    expect(stored.rows[0].n).toBe(100);
    expect(
      (await pool.query("SELECT count(*) AS n FROM alert_instance WHERE labels->>'instance' LIKE 'storm-%'"))
        .rows[0].n,
    ).toBe(1_000);
    times.sort((a, b) => a - b);
    expect(times.at(-1)).toBeLessThan(10_000);
    await close();
  });

  it("503 when Postgres is away, and 200 for the same body when it is back", async () => {
    const nowhere = openPool("postgres://postgres@127.0.0.1:1/none");
    const away = await serve(nowhere);
    const body = notification([{ name: "later" }], { groupKey: "{}:{later}" });
    const refused = await away.deliver(body);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toEqual({
      error: "store_unavailable",
      reason: "could not be stored, send it again",
    });
    await away.close();
    await nowhere.end();
    const back = await serve(pool);
    expect((await back.deliver(body)).status).toBe(200);
    await back.close();
  });
});
