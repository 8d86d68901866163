import { pino } from "pino";
import { beforeAll, describe, expect, test } from "vitest";
import { commands } from "../../../commands/index.ts";
import { schedulesOf } from "../../../src/app/schedules.ts";
import { RunId, ThreadId } from "../../../src/core/words/ids.ts";
import { createDoor, type Door } from "../../../src/ingress/receive.ts";
import { slotOf } from "../../../src/ingress/schedule/due.ts";
import { createScheduler } from "../../../src/ingress/schedule/scheduler.ts";
import { drawThread } from "../../../src/thread/draw/thread.ts";
import { until } from "../../helpers/until.ts";
import { checkRig } from "./check-rig.ts";

const EVERY = 300_000;
const rig = checkRig(
  "schedules",
  `checks:
  - id: orders
    title: Orders that wait
    systems: [shop]
    every: 5m
    sql: "SELECT count(*) AS n, count(*) FILTER (WHERE state = 'lost') AS lost FROM orders"
    findings:
      - { when: { n: { above: 1 } }, title: "{{n}} orders wait", advice: "Look at the importer." }
      - { id: lost, when: { lost: { above: 0 } }, severity: critical, title: "{{lost}} lost" }
schedules: [{ system: tools, runbook: service-health, every: 1h }]
`,
);
let door: Door;
let clock = Date.parse("2026-11-29T12:00:00Z");

beforeAll(async () => {
  await rig.pool.query("CREATE TABLE orders (state text)");
  const { catalog, store } = rig;
  door = createDoor({
    catalog,
    commands,
    intake: store.intake,
    reader: store.reader,
    logger: pino({ level: "silent" }),
  } as Parameters<typeof createDoor>[0]);
});

const orders = { system: "shop", runbook: "orders", everyMs: EVERY };
const setOrders = async (...states: string[]) => {
  await rig.pool.query("DELETE FROM orders");
  for (const state of states) await rig.pool.query("INSERT INTO orders VALUES ($1)", [state]);
};
/** One process that leads, for as long as it takes to ask for the slot of this time. */
const tick = async () => {
  let leads = 0;
  const scheduler = createScheduler({
    schedules: [orders],
    door,
    lead: async () => ++leads > 0,
    resign: async () => {},
    logger: pino({ level: "silent" }),
    now: () => new Date(clock),
    everyMs: 1,
  });
  scheduler.start();
  await until(() => leads > 1);
  await scheduler.stop();
};
const newest = async () => {
  const { rows } = await rig.pool.query<{ id: number; n: number }>(
    "SELECT max(id) AS id, count(*)::int AS n FROM run WHERE runbook = 'orders'",
  );
  return { run: RunId.parse(rows[0]?.id), runs: rows[0]?.n ?? 0 };
};
/** The next slot comes and its run is worked. */
const nextSlot = async () => {
  clock += EVERY;
  await tick();
  const { run } = await newest();
  await rig.engine.advance(run);
  return rig.view(run);
};
/** Nothing is found that goes on from here. */
const allIsWell = async () => {
  await setOrders();
  await nextSlot();
};
const drawn = async (thread: number) => {
  const view = await rig.store.reader.thread(ThreadId.parse(thread));
  if (view === undefined) throw new Error("no thread");
  const now = new Date();
  return drawThread(view, { people: [], now } as unknown as Parameters<typeof drawThread>[1]);
};
const slots = async (thread: number) => (await drawn(thread)).map(({ slot }) => slot);
const head = async (thread: number) => JSON.stringify((await drawn(thread))[0]);

describe("what is scheduled", () => {
  test("a check with every: on its systems, and the entries of schedules:", () => {
    const checks = rig.catalog.runbooks.some(({ id }) => id === "orders");
    expect(checks).toBe(true);
    expect(schedulesOf(rig.config, rig.catalog)).toEqual([
      orders,
      { system: "tools", runbook: "service-health", everyMs: 3_600_000 },
    ]);
  });
});

describe("a slot is started once", () => {
  test("by several processes at once, and again after a restart", async () => {
    await nextSlot();
    const before = await newest();
    clock += EVERY;
    await Promise.all([tick(), tick(), tick()]);
    await tick();
    const after = await newest();
    expect(after.runs).toBe(before.runs + 1);
    const key = `schedule:shop:orders:${slotOf(orders, new Date(clock)).toISOString()}`;
    const { rows } = await rig.pool.query("SELECT FROM inbox WHERE source = 'schedule' AND dedupe_key = $1", [
      key,
    ]);
    expect(rows).toHaveLength(1);
    await rig.engine.advance(after.run);
  });

  test("and not while a run of it has not ended; the next slot is free again", async () => {
    await nextSlot();
    clock += EVERY;
    await tick();
    const { run, runs } = await newest();
    clock += EVERY;
    await tick();
    expect((await newest()).runs).toBe(runs);
    await rig.engine.advance(run);
    await nextSlot();
    expect((await newest()).runs).toBe(runs + 1);
  });
});

describe("noise", () => {
  test("nothing found: no message, and no line in lists", async () => {
    await setOrders();
    const { id, thread, caller, status } = await nextSlot();
    expect([caller.via, status]).toEqual(["schedule", "succeeded"]);
    expect(await slots(thread)).toEqual([]);
    expect((await rig.store.reader.runs({ limit: 50 })).map((run) => run.id)).not.toContain(id);
  });

  test("found, the same again, more, and over: one thread, a message per change, a head that counts", async () => {
    await allIsWell();
    await setOrders("new", "new");
    const first = await nextSlot();
    const begun = await slots(first.thread);
    expect(begun[0]).toBe("head");
    expect(begun.length).toBeGreaterThan(1);
    expect((await rig.store.reader.runs({ limit: 50 })).map((run) => run.id)).toContain(first.id);

    await setOrders("new", "new", "new");
    const same = await nextSlot();
    expect(same.thread).toBe(first.thread);
    expect(await slots(first.thread)).toEqual(begun);
    expect(await head(first.thread)).toContain("found in 2 runs");
    expect(await head(first.thread)).toContain("3 orders wait");

    await setOrders("new", "new", "lost");
    const more = await nextSlot();
    expect(more.thread).toBe(first.thread);
    const after = await slots(first.thread);
    expect(after.slice(0, begun.length)).toEqual(begun);
    expect(after).toContain(`run/${more.id}/begin`);
    expect(await head(first.thread)).toContain("1 lost");

    await setOrders();
    const fine = await nextSlot();
    expect(fine.thread).not.toBe(first.thread);
    expect(await slots(fine.thread)).toEqual([]);
    expect(await slots(first.thread)).toEqual(after);
    expect(await head(first.thread)).toContain("Over: Orders that wait");

    await setOrders("new", "new");
    expect((await nextSlot()).thread).not.toBe(first.thread);
  });

  test("after a day it goes on in a new thread, and the old one says where", async () => {
    await allIsWell();
    await setOrders("new", "new");
    const before = await nextSlot();
    await rig.pool.query("UPDATE thread SET created_at = created_at - interval '25 hours' WHERE id = $1", [
      before.thread,
    ]);
    const after = await nextSlot();
    expect(after.thread).not.toBe(before.thread);
    expect((await slots(after.thread)).length).toBeGreaterThan(1);
    expect(await head(before.thread)).toContain("goes on in a new thread");
  });

  test("could not look is said, too", async () => {
    await allIsWell();
    await rig.pool.query("ALTER TABLE orders RENAME TO elsewhere");
    const blind = await nextSlot();
    expect((await slots(blind.thread))[0]).toBe("head");
    expect(await head(blind.thread)).toContain("⚠️");
    expect((await nextSlot()).thread).toBe(blind.thread);
    await rig.pool.query("ALTER TABLE elsewhere RENAME TO orders");
  });

  test("what nobody was shown is forgotten after a week, but not the newest", async () => {
    await allIsWell();
    await allIsWell();
    await rig.pool.query("UPDATE run SET ended_at = ended_at - interval '8 days'");
    const { run } = await newest();
    const hidden = async () =>
      (
        await rig.pool.query<{ n: number }>(
          "SELECT count(*)::int AS n FROM run WHERE NOT shown AND id <> $1",
          [run],
        )
      ).rows[0]?.n;
    expect(await hidden()).toBeGreaterThan(0);
    await rig.store.sweep.prune();
    expect(await hidden()).toBe(0);
    expect((await newest()).run).toBe(run);
  });
});
