import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { pgConnectivity } from "../../../runbooks/postgres/pg-connectivity.ts";
import { pgPoolExhausted } from "../../../runbooks/postgres/pg-pool-exhausted.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { fillSlots } from "../../helpers/faults/postgres.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

let lab: LabPostgres;
const benches: Bench[] = [];

beforeAll(async () => {
  lab = await startLabPostgres();
});
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
  await lab.endSessions();
  await lab.admin("ALTER ROLE app CONNECTION LIMIT -1");
});
afterAll(() => lab.stop());

const bench = (url = lab.botUrl, idleMinutes = 0): Bench => {
  const made = openBench({
    connections: { db: { kind: "postgres", url } },
    connectors: [postgresConnector],
    thresholds: { idleMinutes },
  });
  benches.push(made);
  return made;
};

const fill = (application: string) => fillSlots(lab, application);

describe("pg-pool-exhausted", () => {
  it("is silent on a healthy server", async () => {
    await lab.session("orders");
    const { findings, seen } = await bench(lab.botUrl, 10).diagnose(pgPoolExhausted);
    expect(findings).toEqual([]);
    expect(seen.usage).toMatchObject({ ok: true, value: { used: 1, usable: 17, max: 20, reserved: 3 } });
  });

  it("finds the leaking application through a reserved slot, ends its sessions and sees that it helped", async () => {
    const quiet = await lab.session("pg_dump");
    const leaked = await fill("orders-api");
    const run = await bench().diagnose(pgPoolExhausted);
    const taken = run.finding("slots-taken");
    expect(taken.severity).toBe("critical");
    expect(taken.title).toBe(
      "17 of 17 usable Postgres connections are taken (100 %), mostly by idle sessions of orders-api",
    );
    expect(taken.because).toContain(`orders-api (role app, from 127.0.0.1) holds the most: ${leaked}`);
    expect(run.finding("leak-orders-api-127.0.0.1").remedies).toEqual(["terminateIdle", "fixLeak"]);
    expect(run.advice("sizePools")).toContain("must stay below 17");

    const applied = await run.apply("terminateIdle");
    expect(applied.previews[0]?.changes).toHaveLength(leaked);
    expect(applied.outputs[0]).toMatchObject({ spared: 0 });
    expect(applied.holds).toBe(true);
    await expect(quiet.query("SELECT 1 AS alive")).resolves.toMatchObject({ rows: [{ alive: 1 }] });
    expect((await bench().diagnose(pgPoolExhausted)).findings).toEqual([]);
  });

  it("looks at a server that is nearly full with one session, and takes no slot for a fault of its own (M9)", async () => {
    await fill("orders-api");
    // Three slots are left, which ordinary roles cannot have: one for looking on, two for the bot.
    await lab.session("dba", lab.botUrl);
    const run = await bench().diagnose(pgConnectivity);
    expect(run.findings.map(({ id }) => id)).toEqual(["slots-run-out"]);
    const [row] = await lab.admin<{ n: number }>(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'diagbot'",
    );
    expect(row?.n).toBe(1);
  });

  it("says 53300 when the bot itself gets no slot, and how to free one", async () => {
    await fill("orders-api");
    const run = await bench(lab.appUrl).diagnose(pgPoolExhausted);
    expect(run.findings).toHaveLength(1);
    expect(run.finding("too-many-clients")).toMatchObject({ severity: "critical", remedies: ["recover"] });
    expect(run.advice("recover")).toContain("pg_terminate_backend");
  });

  it("tells a connection limit of the role from a full server", async () => {
    await lab.admin("ALTER ROLE app CONNECTION LIMIT 3");
    await fill("orders-api");
    const run = await bench(lab.botUrl, 10).diagnose(pgPoolExhausted);
    expect(run.findings.map(({ id }) => id)).toEqual(["limit-role-app"]);
    expect(run.finding("limit-role-app").title).toBe("role app uses 3 of its 3 allowed connections");
    expect(run.advice("raiseLimit")).toContain('ALTER ROLE "app" CONNECTION LIMIT 6');
    const own = await bench(lab.appUrl).diagnose(pgPoolExhausted);
    expect(own.finding("role-limit").because).toContain("too many connections for role");
  });

  it("spares a session that went to work after the approval", async () => {
    const [busy] = [
      await lab.session("orders-api"),
      await lab.session("orders-api"),
      await lab.session("orders-api"),
    ];
    const run = await bench().diagnose(pgPoolExhausted, { application: "orders-api" });
    let asleep: Promise<unknown> = Promise.resolve();
    const applied = await run.apply("terminateIdle", async () => {
      asleep = busy?.query("SELECT pg_sleep(1)") ?? asleep;
      await until(async () => {
        const [row] = await lab.admin<{ n: string }>(
          "SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'active' AND wait_event = 'PgSleep'",
        );
        return row?.n === "1";
      });
    });
    expect(applied.outputs[0]).toMatchObject({ signalled: [{}, {}], spared: 1 });
    expect(applied.holds).toBe(true);
    await asleep;
  });

  it("takes a pool that opened its minimum and waits for no leak, and never ends a session that listens or holds an advisory lock", async () => {
    for (let n = 0; n < 8; n++) await (await lab.session("orders-api")).query("SELECT 1");
    const bystander = await lab.session("web");
    await bystander.query("SELECT 1");
    expect((await bench().diagnose(pgPoolExhausted)).findings).toEqual([]);
    await expect(bystander.query("SELECT 1")).resolves.toBeDefined();

    await (await lab.session("events")).query("LISTEN orders");
    await (await lab.session("leader")).query("SELECT pg_advisory_lock(7)");
    await fill("orders-api");
    const full = await bench().diagnose(pgPoolExhausted);
    full.finding("slots-taken");
    const { previews } = await full.apply("terminateIdle");
    const changes = previews[0]?.changes.join("\n");
    expect(changes).toContain("orders-api");
    expect(changes).not.toMatch(/events|leader/);
  });

  it("finds sessions left idle in a transaction and ends only those", async () => {
    const open = await lab.session("reports");
    await open.query("BEGIN; SELECT 1");
    const gone = new Promise((resolve) => open.once("end", resolve));
    const run = await bench().diagnose(pgPoolExhausted, { application: "reports" });
    expect(run.finding("idle-in-transaction").title).toBe("1 session idle in an open transaction for long");
    expect((await run.apply("terminateIdle")).holds).toBe(true);
    await gone;
  });

  it("says that the server cannot be reached", async () => {
    const run = await bench("postgres://app:app@127.0.0.1:1/shop").diagnose(pgPoolExhausted);
    expect(run.findings.map(({ id }) => id)).toEqual(["refused"]);
    expect(run.advice("recover")).toContain("systemctl status");
  });
});
