// Whatever Alertmanager, or somebody with its token, sends: never a 5xx, and no alert is lost because of another.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ThreadId } from "../../../src/core/words/ids.ts";
import { openPool, type Pool } from "../../../src/store/pool.ts";
import { createReader } from "../../../src/store/reader.ts";
import { drawThread } from "../../../src/thread/draw/thread.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";
import { fc } from "../../helpers/property.ts";
import { serveWebhook } from "./webhook-rig.ts";

/** The same in every run; a failure prints it with the path to its smallest example. */
const SEED = 20_266;

let database: FreshDatabase;
let pool: Pool;
let door: Awaited<ReturnType<typeof serveWebhook>>;
beforeAll(async () => {
  database = await freshDatabase("webhook_any");
  pool = openPool(database.url);
  door = await serveWebhook(pool);
});
afterAll(async () => {
  await door.close();
  await pool.end();
  await database.drop();
});

let letters = 0;
/** An alert that is as it should be, told from all others. */
const good = () => ({
  status: "firing",
  labels: { alertname: "Good", letter: String(++letters) },
  annotations: { summary: "it is broken" },
  startsAt: "2026-01-01T00:00:00Z",
});
const group = (more: object) => ({
  version: "4",
  groupKey: `{}:{any="${letters}"}`,
  status: "firing",
  receiver: "diagbot",
  alerts: [good()],
  ...more,
});

const isKept = async (alert: ReturnType<typeof good>): Promise<boolean> =>
  (
    await pool.query("SELECT FROM alert_instance WHERE labels->>'letter' = $1 AND status = 'firing'", [
      alert.labels.letter,
    ])
  ).rowCount === 1;

/** Stored, and its thread can be read and drawn. */
async function isShown(incident: number): Promise<string> {
  const { rows } = await pool.query("SELECT thread_id FROM incident WHERE id = $1", [incident]);
  const view = await createReader(pool).thread(ThreadId.parse(rows[0].thread_id));
  if (view === undefined) throw new Error("no thread");
  return JSON.stringify(drawThread(view, { now: new Date(), people: [] }));
}

async function takes(body: object, alert: ReturnType<typeof good>) {
  const answer = await door.deliver(body);
  const said = (await answer.json()) as { incident: number; notes?: string[] };
  expect([answer.status, await isKept(alert)]).toEqual([200, true]);
  return { ...said, drawn: await isShown(said.incident) };
}

describe("one alert does not silence its group", () => {
  const many = (n: number) =>
    Array.from({ length: n }, (_, at) => ({ ...good(), labels: { n: String(at) } }));
  it.each<[string, (alert: ReturnType<typeof good>) => object, RegExp]>([
    [
      "a group key longer than an index entry",
      (alert) => ({ groupKey: randomBytes(6_000).toString("base64"), alerts: [alert] }),
      /^$/,
    ],
    [
      "a group key of a megabyte",
      (alert) => ({ groupKey: randomBytes(800_000).toString("base64"), alerts: [alert] }),
      /^$/,
    ],
    [
      "year 0",
      (alert) => ({ alerts: [{ ...good(), startsAt: "0000-01-01T00:00:00Z" }, alert] }),
      /alerts\.0\.startsAt.*kept as 1970/,
    ],
    [
      "year 1",
      (alert) => ({ alerts: [{ ...good(), startsAt: "0001-01-01T00:00:00Z" }, alert] }),
      /kept as 1970/,
    ],
    [
      "year 10000",
      (alert) => ({ alerts: [{ ...good(), startsAt: "10000-01-01T00:00:00Z" }, alert] }),
      /kept as 9998/,
    ],
    [
      "year 275761",
      (alert) => ({ alerts: [{ ...good(), startsAt: "+275761-01-01T00:00:00Z" }, alert] }),
      /kept as 9998/,
    ],
    [
      "an end in year 10000",
      (alert) => ({ alerts: [{ ...good(), status: "resolved", endsAt: "+010000-01-01T00:00:00Z" }, alert] }),
      /^$/,
    ],
    [
      "no moment at all",
      (alert) => ({ alerts: [{ ...good(), startsAt: "yesterday" }, alert] }),
      /alerts\.0\.startsAt/,
    ],
    [
      "an alert that is none",
      (alert) => ({ alerts: [null, 7, { status: "odd" }, alert] }),
      /alerts\.2\.status/,
    ],
    ["labels that are numbers", (alert) => ({ alerts: [{ ...good(), labels: { n: 7 } }, alert] }), /^$/],
    [
      "labels that are objects",
      (alert) => ({ alerts: [{ ...good(), labels: { n: { of: 7 } } }, alert] }),
      /alerts\.0\.labels\.n/,
    ],
    [
      "a count beyond int4",
      (alert) => ({ truncatedAlerts: 2 ** 40, alerts: [alert] }),
      /truncatedAlerts.*2147483647/,
    ],
    [
      "a negative count",
      (alert) => ({ truncatedAlerts: -1.5, alerts: [alert] }),
      /truncatedAlerts.*kept as 0/,
    ],
    [
      "a label of a megabyte",
      (alert) => ({ alerts: [{ ...good(), labels: { big: "x".repeat(1_000_000) } }, alert] }),
      /^$/,
    ],
    [
      "a name cut in half of a character",
      (alert) => ({ groupLabels: { alertname: `${"x".repeat(8_190)}😀${"y".repeat(9)}` }, alerts: [alert] }),
      /^$/,
    ],
    [
      "1,000 labels",
      (alert) => ({
        alerts: [{ ...good(), labels: Object.fromEntries(many(1_000).map((_, n) => [`l${n}`, "x"])) }, alert],
      }),
      /800 more left out/,
    ],
    ["12,000 alerts", (alert) => ({ alerts: [alert, ...many(12_000)] }), /2001 more left out/],
  ])("%s", async (_, more, notes) => {
    const alert = good();
    const said = await takes(group(more(alert)), alert);
    expect((said.notes ?? []).join("\n")).toMatch(notes);
    if (said.notes !== undefined) expect(said.drawn).toMatch(/Not taken as it came/);
  });

  it("a long group key is still no other's", async () => {
    const key = "k".repeat(10_000);
    const [a, b, again] = [good(), good(), good()];
    const first = await takes(group({ groupKey: `${key}a`, alerts: [a] }), a);
    const other = await takes(group({ groupKey: `${key}b`, alerts: [b] }), b);
    const same = await takes(group({ groupKey: `${key}a`, alerts: [again] }), again);
    expect([other.incident === first.incident, same.incident === first.incident]).toEqual([false, true]);
  });

  it("what could not be read keeps the group open: it counts as not shown", async () => {
    const alert = { ...good(), status: "resolved", endsAt: "2026-01-01T01:00:00Z" };
    const answer = await door.deliver(group({ status: "resolved", alerts: [alert, { status: "odd" }] }));
    const { incident } = (await answer.json()) as { incident: number };
    const { rows } = await pool.query("SELECT status, truncated FROM incident WHERE id = $1", [incident]);
    expect(rows).toEqual([{ status: "firing", truncated: 1 }]);
    expect(await isShown(incident)).toMatch(/1 resolved, 1 not shown/);
  });

  it("400 where nothing can be read", async () => {
    const answer = await door.deliver(group({ alerts: [null, { status: "odd" }] }));
    expect(answer.status).toBe(400);
  });
});

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("__proto__", "constructor", "\0", "\ud800", "${x}"),
);
const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(-1, 2 ** 31, 2 ** 63, 1e308, "", "x".repeat(20_000), [], {}, null),
);
const labels = fc.dictionary(text, text, { maxKeys: 6 });
const year = fc.oneof(fc.integer({ min: -20_000, max: 20_000 }), fc.constantFrom(0, 1, 1970, 2026, 9_999));
const startsAt = fc.oneof(
  year.map(
    (n) => `${n < 0 ? "-" : ""}${String(Math.abs(n)).padStart(4, "0")}-02-29T23:59:60.123456789+23:59`,
  ),
  year.map((n) => `${String(Math.abs(n)).padStart(4, "0")}-01-01T00:00:00Z`),
  text,
);
const alertLike = fc.record(
  {
    status: fc.oneof(fc.constantFrom("firing", "resolved"), odd),
    labels: fc.oneof(labels, odd),
    annotations: fc.oneof(labels, odd),
    startsAt: fc.oneof(startsAt, odd),
    endsAt: fc.oneof(startsAt, odd),
    generatorURL: fc.oneof(text, odd),
    fingerprint: fc.oneof(text, odd),
  },
  { requiredKeys: [] },
);
const notificationLike = fc.record(
  {
    truncatedAlerts: fc.oneof(fc.double(), fc.integer(), fc.constantFrom(2 ** 31, 1e308)),
    groupKey: fc.string({ unit: "binary", minLength: 1 }),
    status: fc.constantFrom("firing", "resolved"),
    receiver: text,
    groupLabels: labels,
    commonLabels: labels,
    commonAnnotations: labels,
    externalURL: text,
  },
  { requiredKeys: ["groupKey"] },
);

describe("any input", () => {
  const check = (what: fc.IAsyncProperty<unknown>, numRuns: number) =>
    fc.assert(what, { numRuns, seed: SEED, endOnFailure: false, interruptAfterTimeLimit: 60_000 });

  it(`a good alert beside anything is taken (seed ${SEED})`, async () => {
    await check(
      fc.asyncProperty(
        notificationLike,
        fc.array(fc.oneof(alertLike, odd), { maxLength: 4 }),
        async (more, beside) => {
          const alert = good();
          const said = await takes({ ...group({}), ...more, alerts: [...beside, alert] }, alert);
          expect(said.drawn.length).toBeGreaterThan(0);
        },
      ),
      150,
    );
  });

  it(`nothing is a fault of ours (seed ${SEED})`, async () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((json) => Buffer.from(json)),
      fc
        .record(
          {
            ...Object.fromEntries(
              ["version", "groupKey", "status", "alerts", "truncatedAlerts", "groupLabels"].map((name) => [
                name,
                odd,
              ]),
            ),
          },
          { requiredKeys: [] },
        )
        .map((value) => Buffer.from(JSON.stringify({ ...group({}), ...value }))),
      fc
        .constantFrom("[".repeat(100_000), '{"a":'.repeat(50_000), "1e999", '"\\ud800"')
        .map((words) => Buffer.from(words)),
    );
    await check(
      fc.asyncProperty(anything, async (body) => {
        expect((await door.deliverRaw(new Uint8Array(body))).status).toBeLessThan(500);
      }),
      300,
    );
  });
});
