import { generateKeyPairSync } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sha256 } from "../../../src/lib/sha256.ts";
import { isSignedBy, signText } from "../../../src/lib/signature.ts";
import { chainAudit } from "../../../src/store/audit.ts";
import { migrate, openPool, type Pool, verifyAudit } from "../../../src/store/index.ts";
import { transact } from "../../../src/store/transaction.ts";
import { freshDatabase } from "../../helpers/database.ts";
import { bob, engineBench } from "../../helpers/engine-bench.ts";

const MIGRATIONS = new URL("../../../src/store/migrations/", import.meta.url);

let pool: Pool;
let drop: () => Promise<void>;

beforeAll(async () => {
  const database = await freshDatabase("audit");
  pool = openPool(database.url);
  drop = database.drop;
  const bench = engineBench(pool);
  const run = await bench.submit("level");
  await bench.engine.advance(run);
  await bench.vote(run, "guarded", bob);
  await bench.engine.advance(run);
  await verifyAudit(pool);
  await pool.query("CREATE TABLE untouched AS SELECT * FROM audit");
  await pool.query("CREATE TABLE untouched_head AS SELECT * FROM audit_head");
});
afterAll(async () => {
  await pool.end();
  await drop();
});

/** A row with its place in the chain. */
const append = async (actor: string, event: string) => {
  await pool.query("SELECT audit_append($1, $2, NULL, '{}')", [actor, event]);
  await chainAudit(pool);
};

/** As somebody who owns the database could. */
const tamper = (sql: string) =>
  pool.query(`ALTER TABLE audit DISABLE TRIGGER ALL; ${sql}; ALTER TABLE audit ENABLE TRIGGER ALL`);

beforeEach(() =>
  tamper(
    "DELETE FROM audit; INSERT INTO audit SELECT * FROM untouched; UPDATE audit_head h SET seq = u.seq, hash = u.hash FROM untouched_head u",
  ),
);

describe("the audit chain", () => {
  test("covers every state change and vote of a run, and holds", async () => {
    expect((await verifyAudit(pool)).firstBad).toBeUndefined();
    const { rows } = await pool.query<{ event: string }>("SELECT DISTINCT event FROM audit");
    expect(rows.map((row) => row.event)).toEqual(
      expect.arrayContaining([
        "run.created",
        "run.claimed",
        "run.diagnosed",
        "remedy.proposed",
        "vote.cast",
        "step.executing",
        "step.succeeded",
        "remedy.succeeded",
      ]),
    );
  });

  test.each([
    [
      "flip",
      "UPDATE audit SET payload = replace(payload, 'guarded', 'Guarded') WHERE event = 'vote.cast'",
      "vote.cast",
      0,
    ],
    ["delete", "DELETE FROM audit WHERE event = 'vote.cast'", "vote.cast", 0],
    ["actor", "UPDATE audit SET actor = 'mallory' WHERE event = 'run.created'", "run.created", 0],
    [
      "time",
      "UPDATE audit SET at = at - interval '1 hour' WHERE event = 'step.executing'",
      "step.executing",
      0,
    ],
  ])("%s is found and located", async (_what, sql, event, shift) => {
    const { rows } = await pool.query<{ seq: number }>(
      "SELECT seq FROM untouched WHERE event = $1 ORDER BY seq",
      [event],
    );
    await tamper(sql);
    expect((await verifyAudit(pool)).firstBad?.seq).toBe(rows[0]!.seq + shift);
  });

  test("reordering two rows is found at the first of them", async () => {
    await tamper(
      "UPDATE audit SET seq = -3 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = -3",
    );
    expect((await verifyAudit(pool)).firstBad?.seq).toBe(3);
  });

  test("a cut-off end is found", async () => {
    const { rows } = await pool.query<{ n: number }>("SELECT max(seq)::int AS n FROM audit");
    await tamper("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)");
    expect((await verifyAudit(pool)).firstBad).toMatchObject({ seq: rows[0]!.n, why: "the row is missing" });
  });

  test("a row put in behind the end is found", async () => {
    await tamper(
      "INSERT INTO audit SELECT seq + 1, at, actor, event, run_id, payload, hash, hash, version FROM audit ORDER BY seq DESC LIMIT 1",
    );
    expect((await verifyAudit(pool)).firstBad?.why).toMatch(/behind the end/);
  });

  test("an emptied table is found", async () => {
    await tamper("DELETE FROM audit");
    expect((await verifyAudit(pool)).firstBad?.seq).toBe(1);
  });

  test("a chain written anew by the owner is found by a checkpoint", async () => {
    const { rows } = await pool.query<{ seq: number; hash: string }>("SELECT seq, hash FROM audit_head");
    await tamper("DELETE FROM audit; UPDATE audit_head SET seq = 0, hash = repeat('0', 64)");
    for (let n = 0; n < rows[0]!.seq + 2; n++) await append("mallory", "nothing");
    expect((await verifyAudit(pool)).firstBad).toBeUndefined();
    expect((await verifyAudit(pool, rows)).firstBad).toMatchObject({
      seq: rows[0]!.seq,
      why: expect.stringContaining("written anew"),
    });
  });

  test("a chain written anew stays found when a checkpoint of the new one stands beside the old one's", async () => {
    const { rows } = await pool.query<{ seq: number; hash: string }>("SELECT seq, hash FROM audit_head");
    const before = rows[0]!;
    await tamper("DELETE FROM audit; UPDATE audit_head SET seq = 0, hash = repeat('0', 64)");
    for (let n = 0; n < before.seq; n++) await append("mallory", "nothing");
    const { rows: after } = await pool.query<{ seq: number; hash: string }>(
      "SELECT seq, hash FROM audit_head",
    );
    expect((await verifyAudit(pool, [before, after[0]!])).firstBad).toMatchObject({ seq: before.seq });
  });

  test("a text moved from one member to the next is found", async () => {
    await append("mallory|vote.cast", "x");
    await tamper(
      "UPDATE audit SET actor = 'mallory', event = 'vote.cast|x' WHERE actor = 'mallory|vote.cast'",
    );
    expect((await verifyAudit(pool)).firstBad).toMatchObject({
      why: expect.stringContaining("does not match"),
    });
  });

  test("a row that goes back to the older hash is found", async () => {
    await append("mallory", "x");
    await tamper(`
      UPDATE audit SET version = 1, hash = encode(sha256(convert_to(concat_ws('|', 'diagbot-audit-1', seq, prev_hash,
        to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), actor, event, '', payload), 'UTF8')), 'hex')
      WHERE actor = 'mallory';
      UPDATE audit_head SET hash = (SELECT hash FROM audit WHERE actor = 'mallory')`);
    expect((await verifyAudit(pool)).firstBad).toMatchObject({
      why: expect.stringContaining("does not match"),
    });
  });

  test("whatever stands in a row, the database and we hash the same text", async () => {
    const awkward = [
      Array.from({ length: 31 }, (_, code) => String.fromCharCode(code + 1)).join(""),
      '"\\/ \u007f\u0080\u2028\u2029\ufeff\ufffe',
      "é 日本 🦀 \u{10ffff}",
      "",
    ];
    for (const text of awkward)
      await pool.query("SELECT audit_append($1, $1, 7, $2)", [text, JSON.stringify({ [text]: text })]);
    expect((await verifyAudit(pool)).firstBad).toBeUndefined();
  });

  test("a session that stands still in the chain stops nobody, and what came meanwhile follows", async () => {
    const holder = await pool.connect();
    await holder.query("BEGIN; SELECT FROM audit_head FOR UPDATE");
    await transact(pool, async (tx) => tx.audit({ actor: "alice", event: "meanwhile" }));
    expect(await verifyAudit(pool)).toMatchObject({ unchained: 1 });
    await holder.query("ROLLBACK");
    holder.release();
    const report = await verifyAudit(pool);
    expect(report).toMatchObject({ unchained: 0 });
    expect(report.firstBad).toBeUndefined();
    const { rows } = await pool.query("SELECT event FROM audit WHERE seq = $1", [report.head.seq]);
    expect(rows).toEqual([{ event: "meanwhile" }]);
  });

  test("rows written at once by many have each its place, in batches", async () => {
    const before = (await verifyAudit(pool)).head.seq;
    await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        transact(pool, async (tx) => {
          for (let i = 0; i < 60; i++) tx.audit({ actor: `a${n}`, event: "many", payload: { i } });
        }),
      ),
    );
    expect(await chainAudit(pool)).toBe(2_400);
    const report = await verifyAudit(pool);
    expect([report.head.seq, report.firstBad]).toEqual([before + 2_400, undefined]);
    // Those of one transaction stand in the order in which they happened.
    const { rows } = await pool.query(
      "SELECT (payload::jsonb ->> 'i')::int AS i FROM audit WHERE actor = 'a7' ORDER BY seq",
    );
    expect(rows.map(({ i }) => i)).toEqual(Array.from({ length: 60 }, (_, i) => i));
  });

  test("a row gets its place and is not changed by that", async () => {
    await pool.query("SELECT audit_append('alice', 'x', NULL, '{}')");
    await expect(
      pool.query(
        "UPDATE audit SET seq = 10000, prev_hash = '', hash = '', version = 2, actor = 'x' WHERE seq IS NULL",
      ),
    ).rejects.toThrow("append-only");
    await expect(pool.query("UPDATE audit SET payload = '' WHERE seq IS NULL")).rejects.toThrow(
      "append-only",
    );
  });

  test("the app's own role cannot change it by accident", async () => {
    await expect(pool.query("UPDATE audit SET actor = 'x'")).rejects.toThrow("append-only");
    await expect(pool.query("DELETE FROM audit")).rejects.toThrow("append-only");
    await expect(pool.query("TRUNCATE audit")).rejects.toThrow("append-only");
  });
});

test("rows from before canonical JSON stay verifiable, and the chain goes on", async () => {
  const database = await freshDatabase("audit_old", { migrated: false });
  const old = openPool(database.url);
  try {
    await old.query(
      "CREATE TABLE migration (name text PRIMARY KEY, sha256 text NOT NULL, at timestamptz DEFAULT now())",
    );
    const names = (await readdir(MIGRATIONS)).filter((name) => name.endsWith(".sql") && name < "0014").sort();
    for (const name of names) {
      const sql = await readFile(new URL(name, MIGRATIONS), "utf8");
      await old.query(sql);
      await old.query("INSERT INTO migration VALUES ($1, $2)", [name, sha256(sql)]);
    }
    const append = (actor: string) => old.query("SELECT audit_append($1, 'event', 1, '{}')", [actor]);
    await append("old");
    await migrate(old);
    await append("new");
    await chainAudit(old);
    const { rows } = await old.query("SELECT version FROM audit ORDER BY seq");
    expect(rows).toEqual([{ version: 1 }, { version: 2 }]);
    expect(await verifyAudit(old)).toMatchObject({ rows: 2 });
    expect((await verifyAudit(old)).firstBad).toBeUndefined();
    await old.query("ALTER TABLE audit DISABLE TRIGGER ALL; UPDATE audit SET actor = 'x' WHERE version = 1");
    expect((await verifyAudit(old)).firstBad?.seq).toBe(1);
  } finally {
    await old.end();
    await database.drop();
  }
});

test("a signature is of its text and its key only", () => {
  const pem = () =>
    generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const [ours, theirs] = [pem(), pem()];
  const signature = signText("head", ours);
  expect([
    isSignedBy("head", signature, ours),
    isSignedBy("Head", signature, ours),
    isSignedBy("head", signature, theirs),
  ]).toEqual([true, false, false]);
});
