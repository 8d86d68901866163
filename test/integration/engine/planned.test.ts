// Two processes and a person over one planned window, on a real Postgres.
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { PrincipalId } from "../../../src/core/words/ids.ts";
import { Planned } from "../../../src/core/words/planned.ts";
import { showFreezes } from "../../../src/ingress/freezing.ts";
import { openWindows } from "../../../src/ingress/schedule/maintenance.ts";
import { createScheduler } from "../../../src/ingress/schedule/scheduler.ts";
import { createStore, openPool, type Pool } from "../../../src/store/index.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";
import { until } from "../../helpers/until.ts";

const logger = pino({ level: "silent" });
const alice = { via: "cli" as const, name: "alice", principal: PrincipalId.parse("alice") };
const planned = Planned.parse({
  systems: ["shop"],
  ...{ on: "daily", at: "02:00", for: "2h", reason: "nightly import" },
});
const catalog = {
  maintenance: [planned],
  channel: "C0OPS",
  systems: [{ id: "shop", title: "Shop", match: [], connections: {}, channel: "C0SHOP" }],
} as unknown as Parameters<typeof openWindows>[0]["catalog"];
const MORNING = new Date("2026-11-30T03:00:00Z");

let database: FreshDatabase;
let pool: Pool;
let store: ReturnType<typeof createStore>;
beforeAll(async () => {
  database = await freshDatabase("planned");
  pool = openPool(database.url);
  store = createStore(pool, () => {});
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

beforeEach(async () => {
  await pool.query("TRUNCATE system_freeze, thread CASCADE");
});

const rows = async () =>
  (
    await pool.query(
      "SELECT system, quiet, by, planned, ended_at IS NULL AS open FROM system_freeze ORDER BY id",
    )
  ).rows;
/** One look of a process that leads, as after its start. */
const look = (now: Date) => openWindows({ catalog, intake: store.intake, logger }, new Set<string>(), now);

test("begins once over all processes, also in its middle, says so where people look, and ends by itself", async () => {
  await Promise.all([look(MORNING), look(MORNING)]);
  await look(new Date("2026-11-30T03:30:00Z"));
  expect(await rows()).toEqual([
    {
      ...{ system: "shop", quiet: true, by: "diagbot.yaml", open: true },
      planned: "maintenance:shop:2026-11-30T02:00:00.000Z/2026-11-30T04:00:00.000Z",
    },
  ]);
  const [view] = await store.reader.systemFreezes(["shop"]);
  expect(view).toMatchObject({ system: "shop", quiet: true, reason: "nightly import" });
  const notices = (
    await pool.query("SELECT t.channel, n.text FROM notice n JOIN thread t ON t.id = n.thread_id")
  ).rows;
  expect(notices).toHaveLength(1);
  expect(notices[0].channel).toBe("C0SHOP");
  expect(notices[0].text).toMatch(/shop is in maintenance until .* by diagbot.yaml: nightly import/);
  const left: number = (
    await pool.query("SELECT extract(epoch FROM until - since)::float8 AS s FROM system_freeze")
  ).rows[0].s;
  expect(Math.round(left / 60)).toBe(60);
  await pool.query("UPDATE system_freeze SET until = clock_timestamp()");
  await store.sweep.thaw();
  expect((await rows())[0]?.open).toBe(false);
});

test("that a person has ended is not begun again; the next one is", async () => {
  await look(new Date("2026-12-01T02:00:00Z"));
  await store.intake.unfreezeSystem({ source: "cli", dedupeKey: "end", raw: "" }, "shop", alice);
  await look(new Date("2026-12-01T02:10:00Z"));
  expect((await rows()).map(({ open }) => open)).toEqual([false]);
  await look(new Date("2026-12-02T02:00:00Z"));
  expect((await rows()).map(({ open }) => open)).toEqual([false, true]);
});

test("a freeze by a person beside it goes on when it ends", async () => {
  await look(new Date("2026-12-04T02:00:00Z"));
  await store.intake.freezeSystem(
    { source: "cli", dedupeKey: "own", raw: "" },
    { system: "shop", quiet: false, by: alice, reason: "release" },
  );
  await pool.query("UPDATE system_freeze SET until = clock_timestamp() WHERE planned IS NOT NULL");
  await store.sweep.thaw();
  expect((await store.reader.systemFreezes(["shop"])).map(({ by }) => by)).toEqual(["alice"]);
});

test("what comes next is named, on systems that the caller may read", async () => {
  const show = async (readers: readonly string[]) => {
    const systems = [{ id: "shop", title: "Shop", match: [], connections: {}, readers }];
    const deps = {
      reader: store.reader,
      catalog: { ...catalog, people: [{ id: "alice", roles: [] }], systems },
    };
    return showFreezes(deps as unknown as Parameters<typeof showFreezes>[0], alice);
  };
  const reply = await show(["alice"]);
  expect(JSON.stringify(reply.sections)).toMatch(
    /🗓️ shop: maintenance from .*02:00 UTC for 2 h \(daily at 02:00 UTC\): nightly import/,
  );
  expect(JSON.stringify((await show(["bob"])).sections)).not.toContain("nightly import");
});

test("a scheduler that has nothing but plans begins them", async () => {
  const scheduler = createScheduler({
    ...{ schedules: [], logger, everyMs: 1 },
    door: { receive: () => Promise.reject(new Error("nothing is scheduled")) },
    maintenance: { catalog, intake: store.intake },
    lead: async () => true,
    resign: async () => {},
    now: () => new Date("2026-12-03T02:30:00Z"),
  });
  scheduler.start();
  await until(async () => (await rows()).some((row) => row.planned?.endsWith("2026-12-03T04:00:00.000Z")));
  await scheduler.stop();
});
