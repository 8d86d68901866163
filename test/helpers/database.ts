import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { asAdmin } from "./database-template.ts";

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
  // Migrated once for the run: a copy has the tables in a fraction of the time.
  const from = options.migrated === false ? "template0 ENCODING 'UTF8'" : inject("databaseTemplate");
  await asAdmin(base, `CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE ${from}`);
  const url = new URL(base);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    name,
    drop: () => asAdmin(base, `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`),
  };
}
