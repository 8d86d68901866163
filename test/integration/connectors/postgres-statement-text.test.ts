import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LISTENS, ORDINARY_STATEMENT } from "../../../src/connectors/postgres/statement-text.ts";
import { openPool, type Pool } from "../../../src/store/pool.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";

let database: FreshDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await freshDatabase("statement_text");
  pool = openPool(database.url);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const judge = async (condition: string, text: string): Promise<unknown> =>
  (await pool.query(`SELECT ${condition} AS answer FROM (SELECT $1::text AS query) a`, [text])).rows[0]
    ?.answer;

describe("a statement that may be cancelled", () => {
  it.each([
    "SELECT 1",
    "  (select a FROM t)",
    "/* app:orders */ SELECT 1",
    "-- from the report\nWITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
    "UPDATE t SET a = 'it''s; ALTER TABLE' WHERE b = $1;",
    'DELETE FROM "odd;name"',
    "SELECT $$a; b$$",
    "SELECT a FROM t WHERE b = 'cut off in the middle; of a lit",
    "/**/select 1",
    "SELECT 2*/*c*/3; -- done",
  ])("%s", async (text) => expect(await judge(ORDINARY_STATEMENT, text)).toBe(true));

  it.each([
    "/* a */ ALTER TABLE t ADD b int /* b */ select",
    "-- a\rALTER TABLE t ADD b int\nselect",
    "-- a\n-- b\nVACUUM t",
    "/* select */ DROP TABLE t",
    "/* /* */ ALTER TABLE t ADD b int /* */ */ select",
    "/* a /* b */ */ ALTER TABLE t ADD b int -- */ select",
    "SELECT 1; ALTER TABLE t ADD b int",
    "SELECT E'\\''; ALTER TABLE t ADD b int; --'",
    "SELECT $a$ ' $a$; ALTER TABLE t ADD b int --'",
    "COPY t FROM STDIN",
    "CREATE INDEX ON t (a)",
    "selection",
    "",
  ])("is not: %s", async (text) => expect(await judge(ORDINARY_STATEMENT, text)).toBe(false));

  it("is judged in time that grows with the text only", async () => {
    for (const seed of ["/*", "/* a ", "*/", "--\n", "'", "''", '"', "$$", "(", "select ", ";"])
      expect(typeof (await judge(ORDINARY_STATEMENT, seed.repeat(100_000)))).toBe("boolean");
  });
});

describe("a session that waits for notifications", () => {
  it.each(["LISTEN jobs", "/* app */ listen jobs", "-- x\nLISTEN jobs", "SELECT 1; LISTEN jobs"])(
    "%s",
    async (text) => expect(await judge(LISTENS, text)).toBe(true),
  );
  it.each(["SELECT 'listen'", "SELECT listened FROM t -- listen"])("does not: %s", async (text) =>
    expect(await judge(LISTENS, text)).toBe(false),
  );
});
