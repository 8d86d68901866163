import { pino } from "pino";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { commands } from "../../../commands/index.ts";
import type { Caller } from "../../../src/core/words/caller.ts";
import { PrincipalId, ThreadId } from "../../../src/core/words/ids.ts";
import type { Reply } from "../../../src/core/words/reply.ts";
import { createDoor, type Door } from "../../../src/ingress/receive.ts";
import { drawThread } from "../../../src/thread/draw/thread.ts";
import { asText } from "../../unit/thread/as-text.ts";
import { checkRig } from "./check-rig.ts";

/** Two questions about the same item, one that answers and finds, one that cannot look; and a part that must be told more. */
const rig = checkRig(
  "guide",
  `people:
  ann: { roles: [oncall], login: [ann] }
  bob: { roles: [oncall], login: [bob] }
guideItems: { shop.orders-wait: "Orders wait" }
checklists:
  - { id: orders, title: Orders, items: [Ask the importer's team], covers: [shop.orders-wait] }
checks:
  - id: stale-orders
    title: Orders that wait
    systems: [shop]
    covers: [shop.orders-wait]
    sql: "SELECT count(*) AS n FROM orders WHERE state = 'new'"
    findings:
      - { when: { n: { above: 1 } }, severity: critical, title: "{{n}} orders wait", advice: Look at the importer }
  - id: last-import
    title: The last import
    systems: [shop]
    covers: [shop.orders-wait]
    sql: "SELECT n FROM imports"
    findings: [{ when: { n: { above: 1 } }, title: "{{n}}" }]
  - id: elsewhere
    title: Of another system
    systems: [tools]
    covers: [shop.orders-wait]
    sql: "SELECT 1 AS n"
    findings: [{ when: { n: { above: 1 } }, title: "{{n}}" }]
`,
);

let door: Door;
beforeAll(async () => {
  const { intake, reader } = rig.store;
  door = createDoor({ catalog: rig.catalog, commands, intake, reader, logger: pino({ level: "silent" }) });
  await rig.pool.query("CREATE TABLE orders (state text)");
});
beforeEach(() =>
  rig.pool.query("TRUNCATE orders; TRUNCATE inbox, outbox, run, thread RESTART IDENTITY CASCADE"),
);

const ann: Caller = { via: "cli", name: "ann", principal: PrincipalId.parse("ann") };
let asked = 0;
const ask = (words: string, caller = ann, key = `g${++asked}`): Promise<Reply> =>
  door.receive({ source: "cli", dedupeKey: key, raw: "{}" }, door.plan(words, caller), caller, {});
const thread = async () => {
  const view = await rig.store.reader.thread(ThreadId.parse(1));
  if (view === undefined) throw new Error("no thread");
  return view;
};
const drawn = async () => asText(drawThread(await thread(), { now: new Date(), people: [] }));
const advanceAll = async () => {
  for (const { id } of (await thread()).runs) await rig.engine.advance(id);
};

describe("a guide item", () => {
  it("starts all that treats it in one thread, whose head says what all of it came to", async () => {
    await rig.pool.query("INSERT INTO orders SELECT 'new' FROM generate_series(1, 3)");
    const reply = await ask("guide orders-wait shop");
    expect(reply).toMatchObject({
      title: "Orders wait on shop: 2 runs in one thread",
      run: 1,
      thread: 1,
      data: {
        item: "shop.orders-wait",
        runs: [1, 2],
        offers: [{ type: "/diag checklist orders <incident>" }],
        gaps: [{ title: "Of another system", why: "elsewhere: it is for tools only" }],
      },
    });
    expect((await thread()).runs.map(({ runbook }) => runbook)).toEqual(["stale-orders", "last-import"]);
    expect(await drawn()).toContain("# 🔎 Checking: Orders wait");
    await advanceAll();
    const said = await drawn();
    expect(said).toContain("# 🔴 Orders wait: 3 orders wait");
    expect(said).toContain("🔴 3 orders wait (run #1 stale-orders)");
    expect(said).toMatch(/⚠️ \*last-import: \*.*\(run #2\)/);
    expect(said).toContain("`/diag checklist orders <incident>`");
    expect(said).toContain("it is for tools only");
  });

  it("is asked for once, however often the request comes in", async () => {
    await ask("guide shop.orders-wait", ann, "same");
    expect(await ask("guide shop.orders-wait", ann, "same")).toMatchObject({
      title: "shop.orders-wait was asked for already: 2 runs in one thread",
      data: { runs: [1, 2] },
    });
    expect((await thread()).runs).toHaveLength(2);
  });

  it("is cancelled whole, by the one who asked and by no stranger", async () => {
    await ask("guide shop.orders-wait");
    const stranger: Caller = { via: "cli", name: "eve" };
    expect((await ask("cancel 2 all", stranger)).error).toMatchObject({ code: "not_allowed" });
    expect(await ask("cancel 2 all")).toMatchObject({
      title: "Every run of the thread of run #2 is being cancelled",
    });
    await advanceAll();
    expect((await thread()).runs.map(({ status }) => status)).toEqual(["cancelled", "cancelled"]);
    expect(await drawn()).toContain("# ⚠️ Nothing found, but not everything could be looked at: Orders wait");
    expect(await ask("cancel 1 all")).toMatchObject({ data: { outcome: "ended" } });
  });

  it("one run of it is cancelled alone", async () => {
    await ask("guide shop.orders-wait");
    await ask("cancel 2");
    await advanceAll();
    expect((await thread()).runs.map(({ status }) => status)).toEqual(["succeeded", "cancelled"]);
  });

  it("lists the items of a system with their titles, and counts them for all systems", async () => {
    expect(await ask("guide shop")).toMatchObject({
      data: { system: "shop", items: [{ id: "shop.orders-wait", title: "Orders wait", parts: 3 }] },
    });
    expect(JSON.stringify((await ask("guide")).data)).toContain('{"system":"shop","own":1');
    const slow = (await ask("guide tools autovacuum")).data as { items: { id: string }[] };
    expect(slow.items.every(({ id }) => id.includes("autovacuum"))).toBe(true);
    expect((await ask("guide orders-wat shop")).error?.hint).toBe(
      "did you mean `/diag guide orders-wait shop`?",
    );
  });
});
