import { readdir, readFile } from "node:fs/promises";
import { DiagError } from "../core/words/errors.ts";
import { sha256 } from "../lib/sha256.ts";
import { type Pool, toStoreError } from "./pool.ts";

const FOLDER = new URL("./migrations/", import.meta.url);

/** Any number: two processes that start at once must not migrate at once. */
const LOCK = 7_204_413;

/** Applies the migrations that are missing, each in its own transaction. Returns their names. Throws when an applied one has changed. */
export async function migrate(pool: Pool): Promise<string[]> {
  const client = await pool.connect().catch((error: unknown) => {
    throw toStoreError(error);
  });
  try {
    await client.query("SELECT pg_advisory_lock($1)", [LOCK]);
    await client.query(
      "CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, sha256 text NOT NULL, at timestamptz NOT NULL DEFAULT now())",
    );
    const applied = new Map(
      (await client.query<{ name: string; sha256: string }>("SELECT name, sha256 FROM migration")).rows.map(
        (row) => [row.name, row.sha256],
      ),
    );
    const done: string[] = [];
    for (const { name, sql } of await migrations()) {
      const before = applied.get(name);
      if (before !== undefined && before !== sha256(sql))
        throw new DiagError("bad_config", `migration ${name} was applied in another version`, {
          hint: "the database belongs to another version of diagbot; use that version or another database",
        });
      if (before !== undefined) continue;
      await client.query("BEGIN");
      await client.query(sql);
      await client.query("INSERT INTO migration (name, sha256) VALUES ($1, $2)", [name, sha256(sql)]);
      await client.query("COMMIT");
      done.push(name);
    }
    return done;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw toStoreError(error);
  } finally {
    await client.query("SELECT pg_advisory_unlock($1)", [LOCK]).catch(() => {});
    client.release();
  }
}

/** `missing`: migrations this version has and the database lacks; `changed`: those it has in another version. */
export async function migrationState(pool: Pool): Promise<{ missing: string[]; changed: string[] }> {
  const exists = await pool.query<{ name: string | null }>("SELECT to_regclass('migration')::text AS name");
  const { rows } = exists.rows[0]?.name
    ? await pool.query<{ name: string; sha256: string }>("SELECT name, sha256 FROM migration")
    : { rows: [] };
  const applied = new Map(rows.map((row) => [row.name, row.sha256]));
  const known = await migrations();
  return {
    missing: known.filter(({ name }) => !applied.has(name)).map(({ name }) => name),
    changed: known
      .filter(({ name, sql }) => applied.has(name) && applied.get(name) !== sha256(sql))
      .map(({ name }) => name),
  };
}

async function migrations(): Promise<{ name: string; sql: string }[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (name) => ({ name, sql: await readFile(new URL(name, FOLDER), "utf8") })),
  );
}
