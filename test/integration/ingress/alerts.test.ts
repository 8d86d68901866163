import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Notification } from "../../../src/core/words/alert.ts";
import { openPool, type Pool } from "../../../src/store/pool.ts";
import { cpuTimeOf } from "../../helpers/cpu-time.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";
import { fc } from "../../helpers/property.ts";
import { type AlertLine, deliverTo, notification, recorded } from "./alert-fixtures.ts";

let database: FreshDatabase;
let pool: Pool;
let deliver: ReturnType<typeof deliverTo>;

beforeAll(async () => {
  database = await freshDatabase("alerts");
  pool = openPool(database.url);
  deliver = deliverTo(pool);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  await pool.query("TRUNCATE inbox, outbox, alert_instance, run, incident, thread RESTART IDENTITY CASCADE");
});

const incidents = async () =>
  (await pool.query("SELECT id, status, deliveries, truncated, thread_id FROM incident ORDER BY id")).rows;
const statuses = async () =>
  (
    await pool.query(
      "SELECT labels->>'instance' AS name, status FROM alert_instance ORDER BY labels->>'instance', starts_at",
    )
  ).rows.map(({ name, status }) => `${name}:${status}`);
const threadRev = async () =>
  (await pool.query("SELECT coalesce(sum(rev), 0) AS rev FROM outbox WHERE kind = 'thread'")).rows[0].rev;
const ago = (minutes: number) =>
  pool
    .query(
      "UPDATE incident SET resolved_at = resolved_at - make_interval(mins => $1), last_seen_at = last_seen_at - make_interval(mins => $1)",
      [minutes],
    )
    .then(() =>
      pool.query(
        `WITH runs AS (UPDATE run SET created_at = created_at - make_interval(mins => $1))
         UPDATE alert_instance SET last_seen_at = last_seen_at - make_interval(mins => $1)`,
        [minutes],
      ),
    );

describe("receiveAlerts", () => {
  it("opens an incident with its thread, instances, runs and audit in one commit", async () => {
    const seen = await deliver(notification([{ name: "a" }, { name: "b" }]));
    expect(seen).toMatchObject({ news: "opened", incident: 1, runs: [1] });
    expect(await statuses()).toEqual(["a:firing", "b:firing"]);
    expect((await pool.query("SELECT alert, incident_id, thread_id, caller FROM run")).rows).toEqual([
      {
        alert: { labels: { alertname: "DiskFull", instance: "a" }, annotations: {} },
        incident_id: 1,
        thread_id: seen.thread,
        caller: { via: "alert", name: "DiskFull" },
      },
    ]);
    const events = (await pool.query("SELECT event FROM audit ORDER BY id")).rows.map(({ event }) => event);
    expect(events.slice(-2)).toEqual(["incident.opened", "run.created"]);
  });

  it("absorbs repeats: no run, no touch of the thread, one more delivery", async () => {
    await deliver(notification([{ name: "a" }]));
    const before = await threadRev();
    expect(await deliver(notification([{ name: "a" }]))).toMatchObject({ news: "repeated", runs: [] });
    expect(await threadRev()).toBe(before);
    expect(await incidents()).toMatchObject([{ id: 1, deliveries: 2 }]);
  });

  it("shows what changed of a firing alert without running again", async () => {
    await deliver(notification([{ name: "a", note: "81 %" }]));
    expect(await deliver(notification([{ name: "a", note: "97 %" }]))).toMatchObject({
      news: "updated",
      runs: [],
    });
    expect((await pool.query("SELECT annotations FROM alert_instance")).rows[0].annotations.summary).toBe(
      "97 %",
    );
  });

  it("follows the recorded life of an alert and of a group", async () => {
    expect((await deliver(recorded("01-firing-single-with-bearer-header"))).news).toBe("opened");
    expect((await deliver(recorded("02-repeat-same-alert"))).news).toBe("repeated");
    expect((await deliver(recorded("03-resolved"))).news).toBe("updated");
    expect(await incidents()).toMatchObject([{ status: "resolved" }]);
    expect((await deliver(recorded("04-firing-grouped-4-alerts"))).incident).toBe(2);
    expect(await deliver(recorded("06-mixed-2-resolved-2-firing-status-firing"))).toMatchObject({
      incident: 2,
      news: "updated",
      runs: [],
    });
    expect(await incidents()).toMatchObject([{ status: "resolved" }, { status: "firing" }]);
  });

  it("never takes a truncated group as resolved", async () => {
    await deliver(notification([{ name: "a" }], { truncated: 3 }));
    await deliver(notification([{ name: "a", status: "resolved" }], { truncated: 3 }));
    expect(await incidents()).toMatchObject([{ status: "firing", truncated: 3 }]);
    await deliver(notification([{ name: "a", status: "resolved" }]));
    expect(await incidents()).toMatchObject([{ status: "resolved", truncated: 0 }]);
  });

  it("a late firing copy does not reopen what was just resolved", async () => {
    await deliver(notification([{ name: "a" }]));
    await deliver(notification([{ name: "a", status: "resolved" }]));
    expect((await deliver(notification([{ name: "a" }]))).news).toBe("repeated");
    expect(await incidents()).toMatchObject([{ status: "resolved" }]);
    await ago(6);
    expect(await deliver(notification([{ name: "a" }]))).toMatchObject({ incident: 1, news: "reopened" });
  });

  it("an older firing instance arriving late is over", async () => {
    await deliver(notification([{ name: "a", at: 10 }]));
    await deliver(notification([{ name: "a", at: 5 }]));
    expect(await statuses()).toEqual(["a:resolved", "a:firing"]);
    await deliver(notification([{ name: "a", at: 20 }]));
    expect(await statuses()).toEqual(["a:resolved", "a:resolved", "a:firing"]);
    expect(await incidents()).toHaveLength(1);
  });

  it("a refire within the hour reopens the thread and diagnoses again, later it is a new incident", async () => {
    await deliver(notification([{ name: "a" }]));
    await pool.query("UPDATE run SET status = 'succeeded', diagnosed = true");
    await deliver(notification([{ name: "a", status: "resolved" }]));
    await ago(59);
    expect(await deliver(notification([{ name: "a", at: 30 }]))).toMatchObject({
      incident: 1,
      news: "reopened",
      runs: [2],
    });
    await deliver(notification([{ name: "a", at: 30, status: "resolved" }]));
    await ago(61);
    expect(await deliver(notification([{ name: "a", at: 90 }]))).toMatchObject({
      incident: 2,
      news: "opened",
      runs: [3],
    });
  });

  it("an incident runs a runbook once, and one that newly fits as well", async () => {
    await deliver(notification([{ name: "a" }]));
    expect((await deliver(notification([{ name: "a" }, { name: "b" }]))).runs).toEqual([]);
    expect((await deliver(notification([{ name: "c" }]), ["disk-full", "host-overload"])).runs).toEqual([2]);
  });

  it("resolved alerts nobody heard of become a resolved incident without runs", async () => {
    expect(await deliver(notification([{ name: "a", status: "resolved" }]))).toMatchObject({
      news: "opened",
      runs: [],
    });
    expect(await incidents()).toMatchObject([{ status: "resolved" }]);
    await ago(600);
    expect((await deliver(notification([{ name: "a", status: "resolved" }]))).news).toBe("repeated");
    expect(await incidents()).toHaveLength(1);
  });

  it("peers delivering the same group at once make one incident and one run", async () => {
    const copies = Array.from({ length: 12 }, (_, at) =>
      notification(at % 2 === 0 ? [{ name: "a" }, { name: "b" }] : [{ name: "b" }, { name: "a" }], {
        source: `http://peer-${at}:9093`,
        groupKey: at % 3 === 0 ? "{}:{alertname=DiskFull}" : '{}/{severity="x"}:{alertname=DiskFull}',
      }),
    );
    const seen = await Promise.all(copies.map((copy) => deliver(copy)));
    expect(new Set(seen.map(({ incident }) => incident)).size).toBe(1);
    expect(seen.flatMap(({ runs }) => runs)).toHaveLength(1);
  });

  it("takes 5,000 alerts of one group in, and their repeat", async () => {
    const many = notification(Array.from({ length: 5_000 }, (_, n) => ({ name: `host-${n}` })));
    const { total } = await cpuTimeOf(async () => {
      expect((await deliver(many)).news).toBe("opened");
      expect((await deliver(many)).news).toBe("repeated");
    });
    expect(total).toBeLessThan(8_000);
    expect((await pool.query("SELECT count(*) AS n FROM alert_instance")).rows[0].n).toBe(5_000);
  });
});

describe("one incident per alert instance, however it is delivered", () => {
  const names = ["a", "b", "c", "d", "e"];
  const copy = fc
    .record({
      names: fc.shuffledSubarray(names, { minLength: 1 }),
      peer: fc.integer({ min: 0, max: 2 }),
      moved: fc.boolean(),
      twice: fc.boolean(),
    })
    .map(({ names: chosen, peer, moved, twice }): Notification => {
      const lines: AlertLine[] = chosen.map((name) => ({ name }));
      return notification(twice ? [...lines, ...lines] : lines, {
        source: `http://peer-${peer}:9093`,
        groupKey: moved ? "{}/{moved}:{alertname=DiskFull}" : "{}:{alertname=DiskFull}",
      });
    });
  const whole = notification(names.map((name) => ({ name })));
  const ended = notification(names.map((name) => ({ name, status: "resolved" as const })));

  it("permuted, repeated, split and with another group key", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(copy, { minLength: 1, maxLength: 8 }),
        fc.nat(8),
        async (copies, resolvedAfter) => {
          await pool.query(
            "TRUNCATE inbox, outbox, alert_instance, run, incident, thread RESTART IDENTITY CASCADE",
          );
          await deliver(whole);
          for (const [at, one] of copies.entries()) {
            if (at === resolvedAfter) await deliver(ended);
            await deliver(one);
          }
          const isEnded = resolvedAfter < copies.length;
          expect(await incidents()).toMatchObject([{ id: 1, status: isEnded ? "resolved" : "firing" }]);
          expect(await statuses()).toEqual(names.map((name) => `${name}:${isEnded ? "resolved" : "firing"}`));
          expect((await pool.query("SELECT id FROM run")).rowCount).toBe(1);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("split deliveries at once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(copy, { minLength: 2, maxLength: 6 }), async (copies) => {
        await pool.query(
          "TRUNCATE inbox, outbox, alert_instance, run, incident, thread RESTART IDENTITY CASCADE",
        );
        await Promise.all([whole, ...copies].map((one) => deliver(one)));
        const { rows } = await pool.query(
          "SELECT labels_sha256 FROM alert_instance GROUP BY 1 HAVING count(DISTINCT incident_id) > 1",
        );
        expect(rows).toEqual([]);
        expect(await statuses()).toEqual(names.map((name) => `${name}:firing`));
      }),
      { numRuns: 20 },
    );
  });
});
