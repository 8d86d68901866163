import { randomBytes } from "node:crypto";
import pg from "pg";
import { DiagError } from "../../src/core/words/errors.ts";
import { migrate } from "../../src/store/migrate.ts";
import { openPool } from "../../src/store/pool.ts";
import { until } from "./until.ts";

/** A database with diagbot's tables that others are copied from. Nobody may connect to it: the copies would have to wait. */
export async function makeTemplate(base: string): Promise<{ name: string; drop(): Promise<void> }> {
  const name = `diagbot_template_${randomBytes(4).toString("hex")}`;
  await asAdmin(base, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
  const url = new URL(base);
  url.pathname = `/${name}`;
  await migrateOnce(url.href);
  await asAdmin(base, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  return { name, drop: () => asAdmin(base, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** One statement as the superuser of `url`. Throws with what to do where there is no server. */
export async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 60_000 });
  try {
    await client.connect();
  } catch (error) {
    const why = error instanceof Error ? error.message || error.name : String(error);
    throw new Error(`the tests' Postgres cannot be reached (${why}): start it, or unset DATABASE_URL`);
  }
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function isAway(thrown: unknown): false {
  if (thrown instanceof DiagError && thrown.code === "store_unavailable") return false;
  throw thrown;
}

async function migrateOnce(url: string): Promise<void> {
  const pool = openPool(url, { max: 1 });
  try {
    // On a machine that does a lot besides, a connection may take longer than the product waits for one.
    await until(() => migrate(pool).then(() => true, isAway));
  } finally {
    await pool.end();
  }
}
