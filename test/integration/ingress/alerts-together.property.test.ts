import { afterAll, beforeAll, expect, it } from "vitest";
import { DiagError } from "../../../src/core/words/errors.ts";
import { sha256 } from "../../../src/lib/sha256.ts";
import { createIntake } from "../../../src/store/intake.ts";
import { openPool, type Pool } from "../../../src/store/pool.ts";
import { auditGaps } from "../../helpers/audit-replay.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";
import { fc } from "../../helpers/property.ts";
import { asRequest, notification } from "./alert-fixtures.ts";

let database: FreshDatabase;
let watching: Pool;
/** Of two processes that take in alerts, each with an intake of its own. */
let pools: readonly Pool[];
beforeAll(async () => {
  database = await freshDatabase("alerts-together-property");
  watching = openPool(database.url);
  pools = [openPool(database.url), openPool(database.url)];
});
afterAll(async () => {
  for (const pool of [watching, ...pools]) await pool.end();
  await database.drop();
});

const Line = fc.record({
  name: fc.integer({ min: 0, max: 11 }),
  at: fc.integer({ min: 0, max: 2 }),
  status: fc.constantFrom("firing" as const, "firing" as const, "resolved" as const),
});
const Sent = fc.record({
  group: fc.integer({ min: 0, max: 7 }),
  lines: fc.array(Line, { minLength: 1, maxLength: 4 }),
  /** So many more that fire, one or none of them known to other groups. */
  more: fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(70) }),
  truncated: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(3) }),
  to: fc.integer({ min: 0, max: 1 }),
  /** The other process gets the very same, too. */
  isCopied: fc.boolean(),
  /** It cannot be stored. */
  isBroken: fc.oneof(
    { weight: 20, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
});
type Sent = typeof Sent extends fc.Arbitrary<infer T> ? T : never;

const groupOf = (world: number, group: number) => `{}:{group="${world}-${group}"}`;
const nameOf = (world: number, name: number | string) => `${world}-${name}`;

const linesOf = (world: number, { group, lines, more }: Sent) => [
  ...lines.map(({ name, ...line }) => ({ ...line, name: nameOf(world, name) })),
  ...Array.from({ length: more }, (_, n) => ({
    name: nameOf(world, `${group}-more-${n}`),
    ...{ at: 0, status: "firing" as const },
  })),
];

/** How every alert stands once all is taken in, whatever came first. `<instance>/<minute>`. */
function expectedOf(world: number, all: readonly Sent[]): Map<string, string> {
  const lines = all.flatMap((sent) => linesOf(world, sent));
  const newest = new Map<string, number>();
  const ended = new Set<string>();
  for (const { name, at, status } of lines) {
    newest.set(name, Math.max(at, newest.get(name) ?? 0));
    if (status === "resolved") ended.add(`${name}/${at}`);
  }
  return new Map(
    lines.map(({ name, at }) => {
      const key = `${name}/${at}`;
      return [key, newest.get(name) === at && !ended.has(key) ? "firing" : "resolved"];
    }),
  );
}

async function kept(world: number) {
  const like = `{}:{group="${world}-%`;
  const { rows: alerts } = await watching.query<{ key: string; status: string }>(
    `SELECT labels ->> 'instance' || '/' || extract(minute FROM starts_at AT TIME ZONE 'UTC')::int AS key, a.status
     FROM alert_instance a JOIN incident i ON i.id = a.incident_id WHERE i.group_key LIKE $1`,
    [like],
  );
  const { rows: incidents } = await watching.query<{
    group: string;
    status: string;
    firing: number;
    runs: string[];
    told: boolean;
  }>(
    `SELECT group_key AS group, status, (SELECT count(*)::int FROM alert_instance a WHERE a.incident_id = i.id AND a.status = 'firing') AS firing,
       ARRAY(SELECT runbook FROM run r WHERE r.incident_id = i.id ORDER BY id) AS runs,
       EXISTS (SELECT FROM outbox o WHERE o.kind = 'thread' AND o.id = i.thread_id) AS told
     FROM incident i WHERE group_key LIKE $1`,
    [like],
  );
  return { alerts, incidents };
}

let worlds = 0;

/** Takes all of it in at once, through two processes; what is refused as if the database had gone is sent again, as a sender does. */
async function takeIn(
  world: number,
  all: readonly Sent[],
  isCut: boolean,
): Promise<PromiseSettledResult<{ news: string }>[]> {
  const intakes = pools.map((pool) => createIntake({ pool, onCommit: () => {} }));
  const send = (sent: Sent, n: number, to: number) => {
    const what = notification(linesOf(world, sent), {
      groupKey: groupOf(world, sent.group),
      truncated: sent.truncated,
    });
    const request = { ...asRequest(what), ...(sent.isBroken ? { channel: null as unknown as string } : {}) };
    const dedupeKey = sha256(`${world}/${n}`);
    const once = () => intakes[to]?.receiveAlerts({ source: "alertmanager", dedupeKey, raw: "{}" }, request);
    const again = (left: number): Promise<{ news: string }> =>
      (once() ?? Promise.reject(new Error("no such process"))).catch((thrown: unknown) => {
        if (left > 0 && thrown instanceof DiagError && thrown.code === "store_unavailable")
          return again(left - 1);
        throw thrown;
      });
    return again(20);
  };
  const ends = Promise.allSettled(
    all.flatMap((sent, n) => [
      send(sent, n, sent.to),
      ...(sent.isCopied ? [send(sent, n, 1 - sent.to)] : []),
    ]),
  );
  if (isCut)
    await watching.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'",
    );
  return ends;
}

it("whatever comes at once through two processes is taken in as if it had come one after the other", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(Sent, { minLength: 20, maxLength: 60 }), fc.boolean(), async (all, isCut) => {
      const world = ++worlds;
      const ends = await takeIn(world, all, isCut);
      const stored = all.filter(({ isBroken }) => !isBroken);
      const refused = ends.flatMap((end) => (end.status === "rejected" ? [String(end.reason)] : []));
      const broken = all.filter(({ isBroken }) => isBroken);
      // A broken one that had nothing to open was not refused: its channel is of no use to it.
      if (refused.length > broken.length * 2) expect(refused).toEqual([]);
      const { alerts, incidents } = await kept(world);
      if (broken.length === 0)
        expect(new Map(alerts.map(({ key, status }) => [key, status]))).toEqual(expectedOf(world, all));
      else
        expect(alerts.map(({ key }) => key)).toEqual(
          expect.arrayContaining([...expectedOf(world, stored).keys()]),
        );
      // One incident for a group, one run of a runbook, and a thread that is to be drawn.
      expect(new Set(incidents.map(({ group }) => group)).size).toBe(incidents.length);
      for (const { runs, told } of incidents) {
        expect(runs.length).toBe(new Set(runs).size);
        expect(told).toBe(true);
      }
      const isTruncated = all.some(({ truncated }) => truncated > 0);
      for (const { status, firing } of incidents)
        if (firing > 0 || !isTruncated) expect(status).toBe(firing > 0 ? "firing" : "resolved");
      const opened = ends.filter((end) => end.status === "fulfilled" && end.value.news === "opened");
      if (!isCut) expect(opened.length).toBe(incidents.length);
      for (const pool of pools) expect([pool.waitingCount, pool.totalCount - pool.idleCount]).toEqual([0, 0]);
      expect(await auditGaps(watching)).toEqual([]);
    }),
    { numRuns: Number(process.env.RUNS ?? 8), endOnFailure: true },
  );
});
