import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openPool, type Pool } from "../../../src/store/pool.ts";
import { cpuTimeOf } from "../../helpers/cpu-time.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";
import { notification } from "./alert-fixtures.ts";
import { serveWebhook } from "./webhook-rig.ts";

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
  beforeEach(async () => {
    await pool.query("TRUNCATE inbox");
  });

  it("200 means stored: the answer names the incident", async () => {
    const { deliver, close } = await serveWebhook(pool);
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
    const { deliver, close } = await serveWebhook(pool);
    const groups = Array.from({ length: 100 }, (_, n) =>
      notification(
        Array.from({ length: 10 }, (_unused, at) => ({ name: `storm-${n}-${at}` })),
        { groupKey: `{}:{storm="${n}"}` },
      ),
    );
    const storm = async () => {
      for (let peer = 0; peer < 3; peer++) {
        const answers = await Promise.all(
          groups.map(async (group) => {
            const answer = await deliver({ ...group, externalURL: `http://peer-${peer}:9093` });
            return answer.status;
          }),
        );
        expect(new Set(answers)).toEqual(new Set([200]));
      }
    };
    const { total } = await cpuTimeOf(storm);
    const stored = await pool.query("SELECT count(*) AS n FROM incident WHERE group_key LIKE '%storm%'");
    expect(stored.rows[0].n).toBe(100);
    expect(
      (await pool.query("SELECT count(*) AS n FROM alert_instance WHERE labels->>'instance' LIKE 'storm-%'"))
        .rows[0].n,
    ).toBe(1_000);
    expect(total).toBeLessThan(10_000);
    await close();
  });

  it("a flood takes turns: 300 groups at once are all stored, or told busy where no turn comes", async () => {
    const patient = await serveWebhook(pool, { line: { atOnce: 5, waiting: 300, waitMs: 60_000 } });
    const groups = Array.from({ length: 300 }, (_, n) =>
      notification([{ name: `flood-${n}` }], { groupKey: `{}:{flood="${n}"}` }),
    );
    const statuses = await Promise.all(groups.map(async (group) => (await patient.deliver(group)).status));
    expect(new Set(statuses)).toEqual(new Set([200]));
    await patient.close();
    const hasty = await serveWebhook(pool, { line: { atOnce: 1, waiting: 1, waitMs: 60_000 } });
    const answers = await Promise.all(
      groups.slice(0, 50).map(async (group) => (await hasty.deliver(group)).json()),
    );
    const told = new Set(answers.map((answer) => (answer as { error?: string }).error));
    expect(told).toEqual(new Set([undefined, "busy"]));
    await hasty.close();
  });

  it("503 when Postgres is away, and 200 for the same body when it is back", async () => {
    const nowhere = openPool("postgres://postgres@127.0.0.1:1/none");
    const away = await serveWebhook(nowhere);
    const body = notification([{ name: "later" }], { groupKey: "{}:{later}" });
    const refused = await away.deliver(body);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toEqual({
      error: "store_unavailable",
      reason: "could not be stored, send it again",
    });
    await away.close();
    await nowhere.end();
    const back = await serveWebhook(pool);
    expect((await back.deliver(body)).status).toBe(200);
    await back.close();
  });
});
