import { beforeAll, expect, test } from "vitest";
import { checkRun, runnableOn } from "../../../src/ingress/check-run.ts";
import { checkRig } from "./check-rig.ts";

const rig = checkRig(
  "checks",
  `checks:
  - id: stale-orders
    title: Orders that wait
    systems: [shop]
    sql: "SELECT count(*) AS n, max(now() - created_at) AS oldest FROM orders WHERE state = 'new'"
    alerts: [OrdersWait]
    findings:
      - when: { n: { above: 1 } }
        title: "{{n}} orders wait"
        because: "The oldest since {{oldest}}."
        advice: "Look at the importer."
  - id: last-migration
    title: Migration
    on: db
    sql: "SELECT name FROM migrations"
    findings: [{ when: { name: { changed: true } }, severity: info, title: "now {{name}}" }]
  - id: broken
    title: A statement that fails
    sql: "SELECT n FROM nowhere"
    health: false
    findings: [{ when: { n: { above: 1 } }, title: "{{n}}" }]
  - id: pg-locks
    title: An id that is taken
    sql: "SELECT 1 AS n"
    findings: [{ when: { n: { above: 1 } }, title: "{{n}}" }]
`,
);

beforeAll(async () => {
  await rig.pool.query(`CREATE TABLE orders (state text, created_at timestamptz DEFAULT now() - interval '3 hours');
    CREATE TABLE migrations (name text); INSERT INTO migrations VALUES ('one')`);
});

test("a check is listed and asked for like a runbook, on the systems it is for; an id that is taken is left out", () => {
  const ids = (name: string) => {
    const system = rig.catalog.systems.find(({ id }) => id === name);
    if (system === undefined) throw new Error("no system");
    return runnableOn(rig.catalog, system).map(({ id }) => id);
  };
  expect(ids("shop")).toEqual(expect.arrayContaining(["stale-orders", "last-migration", "broken"]));
  expect(ids("tools")).not.toContain("stale-orders");
  expect(ids("tools")).not.toContain("last-migration");
  expect(rig.catalog.runbooks.filter(({ id }) => id === "pg-locks")).toHaveLength(1);
  const asked = (runbook: string) => () =>
    checkRun(
      rig.catalog,
      { system: "tools", runbook, params: {} },
      { caller: { via: "cli", name: "ann" }, channel: "C" },
    );
  expect(asked("stale-orders")).toThrow("it is for shop only");
  expect(asked("last-migration")).toThrow('tools has no postgres connection "db"');
});

test("nothing wrong is healthy; a limit passed is a finding with its row and advice", async () => {
  expect((await rig.run("stale-orders")).outcome).toBe("healthy");
  await rig.pool.query("INSERT INTO orders (state) SELECT 'new' FROM generate_series(1, 3)");
  const { outcome, findings, remedies } = await rig.run("stale-orders");
  expect(outcome).toBe("found");
  expect(findings[0]).toMatchObject({
    id: "n-above",
    title: "3 orders wait",
    because: "The oldest since 3 h.",
  });
  expect(findings[0]?.evidence).toEqual([
    {
      kind: "facts",
      facts: [
        { name: "n", value: "3" },
        { name: "oldest", value: "3 h" },
      ],
    },
  ]);
  expect(remedies).toMatchObject([{ status: "advice", advice: "Look at the importer." }]);
});

test("a statement that fails could not look, and is never healthy", async () => {
  const { outcome, findings, steps } = await rig.run("broken");
  expect([outcome, findings.map(({ id }) => id)]).toEqual(["could not look", ["could-not-look"]]);
  expect(steps[0]?.error?.message).toContain('relation "nowhere" does not exist');
});

test("changed: unknown at the first run, then compared with the last finished one", async () => {
  const found = async () => (await rig.run("last-migration")).findings.map(({ title }) => title);
  expect(await found()).toEqual(["There is nothing to compare with yet"]);
  expect(await found()).toEqual([]);
  await rig.pool.query("UPDATE migrations SET name = 'two'");
  expect(await found()).toEqual(["now two"]);
  expect(await found()).toEqual([]);
});

test("a run is evaluated again with what it was compared with at first", async () => {
  await rig.pool.query("UPDATE migrations SET name = 'three'");
  const { id } = await rig.run("last-migration");
  const before = await rig.store.runs.before(id);
  await rig.run("last-migration");
  expect(await rig.store.runs.before(id)).toEqual(before);
  expect(before.reading?.value).toMatchObject({ rows: [["two"]] });
});

test("they are part of the health of a system", async () => {
  const { findings, steps } = await rig.run("service-health");
  expect(steps.map(({ name }) => name)).toEqual(expect.arrayContaining(["db", "check/stale-orders"]));
  expect(steps.map(({ name }) => name)).not.toContain("check/broken");
  expect(findings.map(({ id }) => id)).toEqual(expect.arrayContaining(["checks", "stale-orders/n-above"]));
});
