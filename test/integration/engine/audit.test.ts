import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isSignedBy, signText } from "../../../src/lib/signature.ts";
import { openPool, type Pool, verifyAudit } from "../../../src/store/index.ts";
import { freshDatabase } from "../../helpers/database.ts";
import { bob, engineBench } from "../../helpers/engine-bench.ts";

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
  await pool.query("CREATE TABLE untouched AS SELECT * FROM audit");
  await pool.query("CREATE TABLE untouched_head AS SELECT * FROM audit_head");
});
afterAll(async () => {
  await pool.end();
  await drop();
});

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
      "INSERT INTO audit SELECT seq + 1, at, actor, event, run_id, payload, hash, hash FROM audit ORDER BY seq DESC LIMIT 1",
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
    for (let n = 0; n < rows[0]!.seq + 2; n++)
      await pool.query("SELECT audit_append('mallory', 'nothing', NULL, '{}')");
    expect((await verifyAudit(pool)).firstBad).toBeUndefined();
    expect((await verifyAudit(pool, rows)).firstBad).toMatchObject({
      seq: rows[0]!.seq,
      why: expect.stringContaining("written anew"),
    });
  });

  test("the app's own role cannot change it by accident", async () => {
    await expect(pool.query("UPDATE audit SET actor = 'x'")).rejects.toThrow("append-only");
    await expect(pool.query("DELETE FROM audit")).rejects.toThrow("append-only");
    await expect(pool.query("TRUNCATE audit")).rejects.toThrow("append-only");
  });
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
