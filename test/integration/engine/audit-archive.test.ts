import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { archiveAudit } from "../../../src/app/archive.ts";
import { archiveName, writeArchive } from "../../../src/app/archive-file.ts";
import { verifyWithCheckpoints } from "../../../src/app/checkpoints.ts";
import type { Archived } from "../../../src/core/words/audit.ts";
import {
  archivingAlone,
  noteArchive,
  openPool,
  type Pool,
  rowsAfter,
  verifyAudit,
} from "../../../src/store/index.ts";
import { transact } from "../../../src/store/transaction.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";

let database: FreshDatabase;
let pool: Pool;
let folder: string;

beforeEach(async () => {
  database = await freshDatabase("audit_archive");
  pool = openPool(database.url);
  folder = mkdtempSync(join(tmpdir(), "diagbot-archive-"));
  await write(12);
});
afterEach(async () => {
  await pool.end();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

async function write(rows: number): Promise<void> {
  await transact(pool, async (tx) => {
    for (let n = 0; n < rows; n++) tx.audit({ actor: "alice", event: "x", payload: { n, text: "é \n" } });
  });
  await verifyAudit(pool);
}

const archive = (more: { dryRun?: boolean; olderThanMs?: number } = {}): Promise<Archived> =>
  archiveAudit(
    { pool, audit: undefined, by: "bob" },
    { to: folder, olderThanMs: 1, dryRun: false, ...more },
    () => {},
  );
const rowsLeft = async () =>
  (await pool.query<{ seq: number }>("SELECT seq FROM audit WHERE seq IS NOT NULL ORDER BY seq")).rows.map(
    ({ seq }) => seq,
  );
const verify = () => verifyAudit(pool);
const verifyFiles = () => verifyWithCheckpoints(pool, undefined, undefined, folder);
/** As somebody who owns the database could. */
const tamper = (sql: string) =>
  pool.query(
    `ALTER TABLE audit DISABLE TRIGGER ALL; ALTER TABLE audit_archive DISABLE TRIGGER ALL; ${sql};
     ALTER TABLE audit ENABLE TRIGGER ALL; ALTER TABLE audit_archive ENABLE TRIGGER ALL`,
  );

describe("an archive of the audit record", () => {
  test("holds the rows as they were, which then leave the database; the chain goes on and tells of it", async () => {
    const before = (await verify()).head;
    const { made, removed } = await archive();
    expect(made).toMatchObject({ first: 1, last: 12, hash: before.hash, file: archiveName(1, 12) });
    expect(removed).toBe(12);
    const lines = gunzipSync(readFileSync(join(folder, archiveName(1, 12))))
      .toString()
      .trim()
      .split("\n");
    expect(lines).toHaveLength(13);
    expect(JSON.parse(lines[12] ?? "")).toMatchObject({ seq: 12, hash: before.hash, actor: "alice" });
    expect(readdirSync(folder)).toEqual([archiveName(1, 12)]);
    expect(await verify()).toMatchObject({ rows: 1, archived: { rows: 12, read: false } });
    expect((await verify()).firstBad).toBeUndefined();
    expect(await rowsLeft()).toEqual([13]);
    expect(await verifyFiles()).toMatchObject({ archived: { rows: 12, read: true } });
    expect((await verifyFiles()).firstBad).toBeUndefined();
  });

  test("is followed by the next one", async () => {
    await archive();
    await write(5);
    expect((await archive()).made).toMatchObject({ first: 13, last: 18 });
    await write(1);
    const report = await verifyFiles();
    expect([report.firstBad, report.archived.rows, report.rows]).toEqual([undefined, 18, 2]);
  });

  test("takes only what is old enough, and says what it would do", async () => {
    expect(await archive({ olderThanMs: 3_600_000 })).toEqual({ removed: 0 });
    expect((await archive({ dryRun: true })).made).toMatchObject({ first: 1, last: 12 });
    expect([await rowsLeft(), readdirSync(folder)]).toMatchObject([{ length: 12 }, []]);
  });

  test("goes on where it was interrupted before the rows were removed", async () => {
    const { head } = await verify();
    const path = join(folder, archiveName(1, 12));
    const sha256 = await writeArchive(path, { first: 1, last: 12 }, rowsAfter(pool, 0, 12), []);
    await noteArchive(
      pool,
      { first: 1, last: 12, hash: head.hash, version: 2, file: archiveName(1, 12), sha256 },
      "bob",
    );
    expect((await rowsLeft()).length).toBe(12);
    expect((await verifyFiles()).firstBad).toBeUndefined();
    const whole = readFileSync(path);
    rmSync(path);
    await expect(archive({ olderThanMs: 3_600_000 })).rejects.toMatchObject({ code: "bad_audit" });
    expect((await rowsLeft()).length).toBe(13);
    writeFileSync(path, whole);
    expect(await archive({ olderThanMs: 3_600_000 })).toEqual({ removed: 12 });
    expect(await rowsLeft()).toEqual([13]);
  });

  test("is not made of a chain that is not as written", async () => {
    await tamper("UPDATE audit SET actor = 'mallory' WHERE seq = 7");
    await expect(archive()).rejects.toMatchObject({ code: "bad_audit" });
    expect([await rowsLeft(), readdirSync(folder)]).toMatchObject([{ length: 12 }, []]);
  });

  test("that cannot be written leaves everything as it was", async () => {
    mkdirSync(join(folder, archiveName(1, 12)));
    await expect(archive()).rejects.toMatchObject({ code: "bad_config" });
    expect(readdirSync(folder)).toEqual([archiveName(1, 12)]);
    rmSync(folder, { recursive: true });
    await expect(archive()).rejects.toMatchObject({ code: "usage" });
    expect((await rowsLeft()).length).toBe(12);
  });

  test("two at once: the second is refused, and the file of the first stays", async () => {
    await archivingAlone(pool, () =>
      expect(archive()).rejects.toMatchObject({
        code: "busy",
        message: "somebody else is archiving the audit record",
      }),
    );
    expect(readdirSync(folder)).toEqual([]);
    await archive();
    expect((await verifyFiles()).firstBad).toBeUndefined();
  });

  test("a file whose rows went while it was written does not take the place of a whole one", async () => {
    await archive();
    const path = join(folder, archiveName(1, 12));
    const whole = readFileSync(path);
    // Its rows are in the file and no longer in the database.
    const late = writeArchive(path, { first: 1, last: 12 }, rowsAfter(pool, 0, 12), []);
    await expect(late).rejects.toMatchObject({ code: "busy" });
    expect(readFileSync(path).equals(whole)).toBe(true);
    expect(readdirSync(folder)).toEqual([archiveName(1, 12)]);
  });
});

describe("rows that are archived", () => {
  test("are the only ones that may go, and the record of archives stays", async () => {
    await expect(pool.query("DELETE FROM audit WHERE seq = 1")).rejects.toThrow("append-only");
    await archive();
    await expect(pool.query("DELETE FROM audit WHERE event = 'audit.archived'")).rejects.toThrow(
      "append-only",
    );
    for (const sql of [
      "UPDATE audit_archive SET hash = ''",
      "DELETE FROM audit_archive",
      "TRUNCATE audit_archive",
    ])
      await expect(pool.query(sql)).rejects.toThrow("append-only");
  });

  test("a file that was changed, is another, or is gone is found when archives are read", async () => {
    await archive();
    const path = join(folder, archiveName(1, 12));
    const whole = readFileSync(path);
    // The rows are those of the chain; it is another file all the same.
    writeFileSync(path, gzipSync(`${gunzipSync(whole)}${JSON.stringify({ checkpoint: { made: "up" } })}\n`));
    await expect(verifyFiles()).rejects.toMatchObject({ code: "bad_audit" });
    writeFileSync(path, whole.subarray(0, whole.length - 20));
    await expect(verifyFiles()).rejects.toMatchObject({ code: "bad_audit" });
    rmSync(path);
    await expect(verifyFiles()).rejects.toMatchObject({ code: "bad_audit" });
    expect(existsSync(path)).toBe(false);
    expect((await verify()).firstBad).toBeUndefined();
  });

  test("rows taken out with a made-up record: no row of the chain tells of it", async () => {
    await tamper(
      `INSERT INTO audit_archive SELECT 5, 1, hash, version, 'f', 's' FROM audit WHERE seq = 5; DELETE FROM audit WHERE seq <= 5`,
    );
    expect((await verify()).firstBad).toMatchObject({ seq: 5, why: expect.stringContaining("no row") });
  });

  test("a gap between archives, or a record changed afterwards, is found", async () => {
    await archive();
    await tamper("UPDATE audit_archive SET first_seq = 3");
    expect((await verify()).firstBad).toMatchObject({ seq: 1 });
    await tamper("UPDATE audit_archive SET first_seq = 1, last_seq = 11");
    expect((await verify()).firstBad).toMatchObject({ seq: 12 });
    await tamper("UPDATE audit_archive SET last_seq = 12, sha256 = 'other'");
    expect((await verify()).firstBad).toMatchObject({ seq: 12, why: expect.stringContaining("no row") });
  });

  test("a checkpoint of their last row that has another hash is found without the files", async () => {
    await archive();
    const anchors = [{ seq: 12, hash: "f".repeat(64) }];
    expect((await verifyAudit(pool, anchors)).firstBad).toMatchObject({
      seq: 12,
      why: expect.stringContaining("anew"),
    });
  });
});
