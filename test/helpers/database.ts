import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { DiagError } from "../../src/core/words/errors.ts";
import { migrate } from "../../src/store/migrate.ts";
import { openPool } from "../../src/store/pool.ts";
import { until } from "./until.ts";

export interface FreshDatabase {
  readonly url: string;
  readonly name: string;
  /** Ends what is still connected and drops it. */
  drop(): Promise<void>;
}

/**
 * A database of its own for a test file, with diagbot's tables (`migrated: false`: empty).
 * Drop it in afterAll; `label` shows in its name and finds it in pg_stat_activity.
 */
export async function freshDatabase(
  label = "test",
  options: { migrated?: boolean } = {},
): Promise<FreshDatabase> {
  const base = inject("databaseUrl");
  const name = `diagbot_${label.replaceAll(/[^a-z0-9]+/gi, "_").toLowerCase()}_${randomBytes(4).toString("hex")}`;
  await asAdmin(base, `CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE template0 ENCODING 'UTF8'`);
  const url = new URL(base);
  url.pathname = `/${name}`;
  if (options.migrated !== false) await migrateOnce(url.href);
  return {
    url: url.href,
    name,
    drop: () => asAdmin(base, `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`),
  };
}

async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
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
