import { generateKeyPairSync } from "node:crypto";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { keepCheckpoints, verifyWithCheckpoints } from "../../../src/app/checkpoints.ts";
import type { Config } from "../../../src/config/load.ts";
import { canonical } from "../../../src/core/words/json.ts";
import { signText } from "../../../src/lib/signature.ts";
import { auditHead, createStore, openPool, type Pool } from "../../../src/store/index.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";
import { freePort } from "../../helpers/ports.ts";
import { until } from "../../helpers/until.ts";

const pem = () =>
  generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const key = pem();

let database: FreshDatabase;
let pool: Pool;
let folder: string;
let file: string;

beforeAll(async () => {
  database = await freshDatabase("checkpoints");
  pool = openPool(database.url);
  folder = await mkdtemp(join(tmpdir(), "diagbot-checkpoints-"));
});
afterAll(async () => {
  await pool.end();
  await database.drop();
  await rm(folder, { recursive: true });
});
let files = 0;
beforeEach(async () => {
  file = join(folder, `${++files}.jsonl`);
  await row(0);
});

/** A row that was written so long ago, hashed as the database does it. */
const row = (minutesAgo: number) =>
  pool.query(
    `WITH fresh AS (
       SELECT head.seq + 1 AS seq, head.hash AS prev, date_trunc('milliseconds', clock_timestamp() - $1 * interval '1 min') AS at
       FROM audit_head AS head),
     made AS (
       INSERT INTO audit SELECT seq, at, 'alice', 'event', NULL, '{}', prev, encode(sha256(convert_to(audit_text('alice',
         to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'event', '{}', prev, NULL, seq), 'UTF8')), 'hex'), 2
       FROM fresh RETURNING seq, hash)
     UPDATE audit_head SET seq = made.seq, hash = made.hash FROM made`,
    [minutesAgo],
  );

async function checkpoint(signer = key): Promise<void> {
  const content = { version: 1, ...(await auditHead(pool)), at: "2026-11-29T00:00:00.000Z" };
  await appendFile(file, `${canonical({ ...content, signature: signText(canonical(content), signer) })}\n`);
}

const verify = (named?: string) => verifyWithCheckpoints(pool, { checkpoints: file, key }, named);

test("checkpoints that cover the chain are held against it", async () => {
  await checkpoint();
  await row(0);
  expect(await verify()).toMatchObject({ checkpoints: 1 });
  expect((await verify()).checkpointsFlaw).toBeUndefined();
  expect((await verify(file)).checkpointsFlaw).toBeUndefined();
});

test.each([["configured"], ["named"]])("a %s file that is not there is no proof", async (which) => {
  await expect(verify(which === "named" ? file : undefined)).rejects.toMatchObject({
    code: "bad_config",
    message: expect.stringContaining("ENOENT"),
  });
});

test("an empty file is no proof", async () => {
  await writeFile(file, "\n");
  expect((await verify()).checkpointsFlaw).toContain("there is no checkpoint");
});

test("checkpoints that stopped are no proof of what came after them", async () => {
  await checkpoint();
  await row(11);
  expect((await verify()).checkpointsFlaw).toMatch(/newest .* of row \d+: row \d+, written 11 min ago/);
  await checkpoint();
  expect((await verify()).checkpointsFlaw).toBeUndefined();
});

test("a file whose end was cut off is as old as its end", async () => {
  await checkpoint();
  await row(60);
  await row(0);
  expect((await verify()).checkpointsFlaw).toContain("is not covered");
});

test("what was sent to a URL must be fetched and named", async () => {
  const away = { checkpoints: "https://checkpoints.example.com/diagbot", key };
  expect((await verifyWithCheckpoints(pool, away, undefined)).checkpointsFlaw).toContain("--checkpoints");
  await checkpoint();
  expect((await verifyWithCheckpoints(pool, away, file)).checkpointsFlaw).toBeUndefined();
});

test("a file that nobody can check is refused", async () => {
  await checkpoint(pem());
  await expect(verify()).rejects.toThrow("the signature is not ours");
  await expect(verifyWithCheckpoints(pool, undefined, file)).rejects.toThrow("audit.key");
});

test("while the database is away, that is a warning: nothing is wrong with diagbot", async () => {
  const lines: string[] = [];
  const away = openPool(`postgres://nobody@127.0.0.1:${await freePort()}/none`);
  const store = createStore(away, () => {});
  const logger = createLogger({ level: "warn", destination: { write: (line) => void lines.push(line) } });
  const metrics = createMetrics({ version: "0", runbooks: [], actions: [] });
  const worker = { id: "w", host: "h", pid: 1, version: "0" };
  const config = { audit: { checkpoints: file, key } } as Config;
  // Led while it was there: then the head is asked for.
  const sweep = { ...store.sweep, lead: async () => true };
  for (const stores of [store, { ...store, sweep }]) {
    lines.splice(0);
    const keeping = keepCheckpoints({ config, store: stores, worker, pool: away, metrics, logger }, 10);
    await until(() => lines.length > 0);
    await keeping.stop();
    for (const line of lines)
      expect(JSON.parse(line)).toMatchObject({ level: 40, code: "store_unavailable" });
  }
  await away.end();
});
