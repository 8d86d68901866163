import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pgConnectivity } from "../../../runbooks/postgres/pg-connectivity.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { type Pgbouncer, startPgbouncer, whyNoPgbouncer } from "../../helpers/pgbouncer.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { openBench } from "../../helpers/run-runbook.ts";

const missing = whyNoPgbouncer();

describe.skipIf(missing !== undefined)(missing ?? "Postgres through a real PgBouncer", () => {
  let lab: LabPostgres;
  const bouncers: Pgbouncer[] = [];

  beforeAll(async () => {
    lab = await startLabPostgres();
    const at = `host=127.0.0.1 port=${lab.port} user=app`;
    const databases = [
      `shop = ${at} dbname=shop password=app`,
      `moved = ${at} dbname=nowhere password=app`,
      `old = ${at} dbname=shop password=old`,
    ];
    bouncers.push(
      await startPgbouncer(databases),
      await startPgbouncer(databases, { pool_mode: "statement" }),
    );
  });
  afterAll(async () => {
    await Promise.all(bouncers.map((bouncer) => bouncer.stop()));
    await lab.stop();
  });

  const titleAt = async (at: number, database: string, login = "app:app") => {
    const bouncer = bouncers[at];
    if (bouncer === undefined) throw new Error("there are two");
    const bench = openBench({
      connections: { db: { kind: "postgres", url: bouncer.urlOf(database).replace("app:app", login) } },
      connectors: [postgresConnector],
    });
    try {
      const { findings } = await bench.diagnose(pgConnectivity);
      return findings.filter(({ id }) => id !== "could-not-look").map(({ title }) => title)[0];
    } finally {
      await bench.close();
    }
  };

  it("in transaction mode everything is answered", async () => {
    expect(await titleAt(0, "shop")).toBeUndefined();
  });
  it("in statement mode that is said", async () => {
    expect(await titleAt(1, "shop")).toMatch(/for one statement only: transactions are refused$/);
  });
  it("the client's password is told from the pooler's own, the pooler's name from the server's database", async () => {
    expect(await titleAt(0, "shop", "app:wrong")).toMatch(
      /does not know this user, or refuses the password$/,
    );
    expect(await titleAt(0, "old")).toMatch(/cannot get into Postgres: its password is refused$/);
    expect(await titleAt(0, "elsewhere")).toMatch(/does not know this database$/);
    expect(await titleAt(0, "moved")).toMatch(/cannot get into Postgres: the database does not exist there$/);
  });
});
