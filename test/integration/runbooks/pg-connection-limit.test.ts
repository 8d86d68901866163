import { afterAll, afterEach, beforeAll, expect, it, test } from "vitest";
import { pgConnectionLimit } from "../../../runbooks/postgres/pg-connection-limit.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { postgres } from "../../../src/sdk/index.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

let lab: LabPostgres;
let bench: Bench;
/** In force. */
let now: number;

beforeAll(async () => {
  lab = await startLabPostgres();
  bench = openBench({
    connections: { db: { kind: "postgres", url: lab.botUrl } },
    connectors: [postgresConnector],
  });
  const [row] = await lab.admin<{ n: number }>("SELECT current_setting('max_connections')::int AS n");
  now = row?.n ?? 0;
});
afterEach(async () => {
  await lab.admin("ALTER SYSTEM RESET max_connections");
});
afterAll(async () => {
  await bench?.close();
  await lab?.stop();
});

const diagnose = (params = {}) => bench.diagnose(pgConnectionLimit, params);
const written = async () => (await bench.call(postgres.connectionLimit())).written;

test("trap pg-max-connections-restart: written once approved, in force after a restart only, and taken back", async () => {
  expect((await diagnose()).findings).toEqual([]);
  const run = await diagnose({ max: now + 10 });
  expect(run.findings.map(({ id, remedies }) => [id, ...remedies])).toEqual([
    ["limit-asked", "write", "poolFirst"],
  ]);
  const applied = await run.apply("write");
  expect(applied.holds).toBe(true);
  expect(await written()).toBe(now + 10);
  const waits = (await diagnose()).finding("limit-waits");
  expect(waits.title).toBe(`max_connections ${now + 10} waits for a restart (${now} in force)`);
  expect(waits.because).toBe("No base backup and no long transaction runs now.");
  expect((await diagnose()).advice("restart")).toContain("never the umbrella");
  await applied.undo();
  expect(await written()).toBeNull();
  expect((await diagnose()).findings).toEqual([]);
});

it("refuses fewer, far more, and more than the machine has memory for", async () => {
  const say = async (connections: number, machineBytes: number | null = null) =>
    (await bench.preview(postgres.setConnectionLimit({ connections, from: null, machineBytes }))).refused;
  expect(await say(now - 1)).toContain("fewer would turn clients away");
  expect(await say(now * 4)).toContain("put a pooler in front");
  expect(await say(now + 10, 64 * 2 ** 20)).toContain("of the machine's 64.0 MiB");
  expect(await say(now + 10, 2 ** 40)).toBeUndefined();
});

it("somebody else wrote another one meanwhile: nothing is overwritten", async () => {
  const run = await diagnose({ max: now + 10 });
  await lab.admin(`ALTER SYSTEM SET max_connections = ${now + 20}`);
  const [preview] = (await run.apply("write").catch(() => ({ previews: [] }))).previews;
  expect(preview?.refused).toContain(`${now + 20} is written by now`);
  expect(await written()).toBe(now + 20);
});

it("a role without the rights is told which, and asked for nothing", async () => {
  const poor = openBench({
    connections: { db: { kind: "postgres", url: lab.appUrl } },
    connectors: [postgresConnector],
  });
  try {
    const run = await poor.diagnose(pgConnectionLimit, { max: now + 10 });
    expect(run.finding("limit-unread").remedies).toEqual(["poolFirst"]);
    expect((await run.apply("write")).calls).toEqual([]);
  } finally {
    await poor.close();
  }
});

test("trap pg-max-connections-restart: what the server's command line says no ALTER SYSTEM changes", async () => {
  const fixed = await startLabPostgres({ max_connections: "15" });
  const other = openBench({
    connections: { db: { kind: "postgres", url: fixed.botUrl } },
    connectors: [postgresConnector],
  });
  try {
    expect((await other.diagnose(pgConnectionLimit)).findings).toEqual([]);
    const call = postgres.setConnectionLimit({ connections: 30, from: null, machineBytes: null });
    expect((await other.preview(call)).refused).toContain("given on the server's command line");
  } finally {
    await other.close();
    await fixed.stop();
  }
});
