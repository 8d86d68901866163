import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { IncidentId, PrincipalId, ThreadId } from "../../../src/core/words/ids.ts";
import { createStore, type Store } from "../../../src/store/index.ts";
import { openPool, type Pool } from "../../../src/store/pool.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";
import { deliverTo, notification } from "./alert-fixtures.ts";

let database: FreshDatabase;
let pool: Pool;
let store: Store;
let deliver: ReturnType<typeof deliverTo>;

beforeAll(async () => {
  database = await freshDatabase("incident-ends");
  pool = openPool(database.url);
  store = createStore(pool, () => {});
  deliver = deliverTo(pool);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  await pool.query("TRUNCATE inbox, outbox, alert_instance, run, incident, thread RESTART IDENTITY CASCADE");
});

const alice = { via: "slack" as const, name: "U0ALICE", principal: PrincipalId.parse("alice") };
let letters = 0;
const close = (which: { incident?: IncidentId; message?: { channel: string; ts: string } }) =>
  store.intake.closeIncident(
    { source: "slack", dedupeKey: `close:${++letters}`, raw: "" },
    { ...which, by: alice, reason: "silenced" },
  );
const incident = async () => (await store.reader.thread(ThreadId.parse(1)))?.incident;
const first = IncidentId.parse(1);
const hours = (n: number) =>
  pool.query(
    `WITH one AS (UPDATE incident SET last_seen_at = last_seen_at - make_interval(hours => $1))
     UPDATE alert_instance SET last_seen_at = last_seen_at - make_interval(hours => $1)`,
    [n],
  );
/** What is written there stays for all tests. */
const audited = async () =>
  (await pool.query("SELECT actor, payload FROM audit WHERE event = 'incident.closed' ORDER BY seq")).rows;
const touched = async () =>
  (await pool.query("SELECT rev FROM outbox WHERE kind = 'thread' AND id = 1")).rows[0]?.rev;

it("is closed by a person, with who and why in the audit and in the thread; its runs look again", async () => {
  const { runs } = await deliver(notification([{ name: "a" }]));
  await pool.query("UPDATE run SET status = 'waiting', diagnosed = true");
  const before = await audited();
  expect(await close({ incident: first })).toEqual({ incident: first, closed: true });
  expect(await incident()).toMatchObject({
    status: "resolved",
    firing: 0,
    closed: { by: "alice", reason: "silenced" },
  });
  expect((await audited()).slice(before.length)).toEqual([
    { actor: "alice", payload: '{"incident":1,"reason":"silenced"}' },
  ]);
  const run = runs[0] === undefined ? undefined : await store.reader.run(runs[0]);
  expect(run?.lookAgain).toMatchObject({ why: "closed" });
  expect(await close({ incident: first })).toEqual({ incident: first, closed: false });
});

it("is closed by the link to a message of its thread, and by no other", async () => {
  await deliver(notification([{ name: "a" }]));
  await store.messages.sending(ThreadId.parse(1), "head", "C0OPS", "d", 0);
  await store.messages.sent(ThreadId.parse(1), "head", "1790000000.000100", "d");
  const message = { channel: "C0OPS", ts: "1790000000.000100" };
  await expect(close({ message: { ...message, channel: "C0OTHER" } })).rejects.toMatchObject({
    code: "unknown_incident",
  });
  expect(await close({ message })).toMatchObject({ closed: true });
});

it("stays closed when a late copy comes, and opens again when the alert is sent again after that", async () => {
  await deliver(notification([{ name: "a" }]));
  await close({ incident: first });
  expect((await deliver(notification([{ name: "a" }]))).news).toBe("repeated");
  expect((await incident())?.status).toBe("resolved");
  await hours(1);
  expect((await deliver(notification([{ name: "a" }]))).news).toBe("reopened");
  const again = await incident();
  expect([again?.status, again?.closed, again?.reopenings.length]).toEqual(["firing", undefined, 1]);
});

it("is marked when nothing was heard of it for long, until it is heard of again", async () => {
  await deliver(notification([{ name: "a" }]));
  expect(await store.sweep.markStale(12 * 3_600_000)).toBe(0);
  await hours(13);
  expect(await store.sweep.markStale(12 * 3_600_000)).toBe(1);
  expect(await store.sweep.markStale(12 * 3_600_000)).toBe(0);
  expect((await incident())?.staleAt).toBeInstanceOf(Date);
  await deliver(notification([{ name: "a" }]));
  expect((await incident())?.staleAt).toBeUndefined();
});

it("draws again when it was last heard of, but not for every copy", async () => {
  await deliver(notification([{ name: "a" }]));
  const before = await touched();
  await deliver(notification([{ name: "a" }]));
  expect(await touched()).toBe(before);
  await hours(1);
  expect((await deliver(notification([{ name: "a" }]))).news).toBe("repeated");
  expect(Number(await touched())).toBeGreaterThan(Number(before));
});
