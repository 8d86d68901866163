import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pgArchive } from "../../../runbooks/postgres/pg-archive.ts";
import { pgChanges } from "../../../runbooks/postgres/pg-changes.ts";
import { pgConnectivity } from "../../../runbooks/postgres/pg-connectivity.ts";
import { pgIndexes } from "../../../runbooks/postgres/pg-indexes.ts";
import { pgIo } from "../../../runbooks/postgres/pg-io.ts";
import { pgLocks } from "../../../runbooks/postgres/pg-locks.ts";
import { pgPoolExhausted } from "../../../runbooks/postgres/pg-pool-exhausted.ts";
import { pgSlowQueries } from "../../../runbooks/postgres/pg-slow-queries.ts";
import { pgVacuum } from "../../../runbooks/postgres/pg-vacuum.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { openBench } from "../../helpers/run-runbook.ts";

// The tests bring a Postgres of their own, of one version. Columns and functions follow the server's: a Postgres that is there
// already, of any other version, is asked the same, in a database of its own.
const URL_OF_ANOTHER = process.env.OTHER_POSTGRES_URL ?? "postgres://postgres@127.0.0.1:5432/postgres";
const DATABASE = `diagbot_versions_${process.pid}`;

const ask = async (url: string, ...statements: string[]): Promise<pg.QueryResultRow[]> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    let rows: pg.QueryResultRow[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
};

const other = await ask(
  URL_OF_ANOTHER,
  "SELECT current_setting('server_version_num')::int AS version, rolsuper FROM pg_roles WHERE rolname = current_user",
).then(
  ([row]) =>
    row?.rolsuper === true
      ? { version: Math.floor(Number(row.version) / 10_000), missing: "" }
      : { version: 0, missing: "its role is no superuser" },
  (thrown: Error) => ({ version: 0, missing: thrown.message }),
);
const title =
  other.missing === ""
    ? `Postgres ${other.version}`
    : `another Postgres (OTHER_POSTGRES_URL or 127.0.0.1:5432): ${other.missing}`;

const RUNBOOKS = [
  ...[pgConnectivity, pgLocks, pgSlowQueries, pgPoolExhausted],
  ...[pgVacuum, pgIndexes, pgIo, pgArchive, pgChanges],
];

describe.skipIf(other.missing !== "")(title, () => {
  const url = new URL(URL_OF_ANOTHER);
  url.pathname = `/${DATABASE}`;
  const asPlain = new URL(url);
  asPlain.username = `${DATABASE}_plain`;
  asPlain.password = "plain";

  beforeAll(async () => {
    await ask(
      URL_OF_ANOTHER,
      `CREATE DATABASE ${DATABASE} TEMPLATE template0 ENCODING 'UTF8'`,
      `CREATE ROLE ${DATABASE}_plain LOGIN PASSWORD 'plain'`,
    );
    await ask(
      url.href,
      "CREATE TABLE customers (id int PRIMARY KEY)",
      "CREATE TABLE orders (id bigint PRIMARY KEY, customer int REFERENCES customers, note text)",
      "INSERT INTO customers SELECT generate_series(1, 100)",
      "INSERT INTO orders SELECT i, 1 + i % 100, md5(i::text) FROM generate_series(1, 60000) i",
      "CREATE INDEX twice ON orders (id)",
      "CREATE TABLE events (at int, kind int) PARTITION BY RANGE (at)",
      ...[0, 1, 2].map(
        (n) =>
          `CREATE TABLE events_${n} PARTITION OF events FOR VALUES FROM (${n * 1000}) TO (${n * 1000 + 1000})`,
      ),
      "INSERT INTO events SELECT i, i FROM generate_series(0, 2999) i",
      "CREATE INDEX ON events_0 (kind)",
      "CREATE INDEX ON events_1 (kind)",
      "DELETE FROM orders WHERE id % 10 <> 0",
      "VACUUM ANALYZE",
    );
  });
  afterAll(async () => {
    // It is nobody's but this test's.
    await ask(
      URL_OF_ANOTHER,
      `DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`,
      `DROP ROLE IF EXISTS ${DATABASE}_plain`,
    );
  });

  it.each([
    ["a superuser", () => url.href],
    ["a role without any right", () => asPlain.href],
  ])("answers every question of %s", async (who, at) => {
    for (const runbook of RUNBOOKS) {
      const bench = openBench({
        connections: { db: { kind: "postgres", url: at() } },
        connectors: [postgresConnector],
      });
      try {
        const { seen } = await bench.diagnose(runbook, {
          ...(runbook === pgIndexes ? { minimumMiB: 0, minimumDays: 0, bloatMiB: 1 } : {}),
          ...(runbook === pgVacuum ? { minimumRows: 0, bloatMiB: 1 } : {}),
        });
        const errors = Object.entries(seen).flatMap(([step, one]) =>
          one?.ok === false ? [`${runbook.id} ${step}: ${one.error.message}`] : [],
        );
        // A server may keep pg_hba.conf closed for the new role; what is let in is answered.
        if (who !== "a superuser" && errors.every((error) => /pg_hba|password/.test(error))) continue;
        expect(errors).toEqual([]);
      } finally {
        await bench.close();
      }
    }
  });

  it("finds there what it finds on its own", async () => {
    const bench = openBench({
      connections: { db: { kind: "postgres", url: url.href } },
      connectors: [postgresConnector],
    });
    try {
      const indexes = await bench.diagnose(pgIndexes, { minimumMiB: 0, minimumDays: 365, bloatMiB: 1 });
      expect(indexes.finding("duplicate-indexes").title).toContain("public.twice");
      expect(indexes.finding("partition-without-index").title).toMatch(/^public\.events_2 alone lacks/);
      expect(indexes.finding("index-bloat").title).toContain("mostly empty space");
      expect((await bench.diagnose(pgVacuum, { bloatMiB: 1 })).finding("table-bloat").title).toMatch(
        /^public\.orders is mostly empty space: at least [23]\.\d MiB/,
      );
    } finally {
      await bench.close();
    }
  });
});
