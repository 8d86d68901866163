import { beforeEach, expect, test } from "vitest";
import { ThreadId } from "../../../src/core/words/ids.ts";
import { verifyAudit } from "../../../src/store/index.ts";
import { bob } from "../../helpers/engine-bench.ts";
import { deliverTo, notification } from "../ingress/alert-fixtures.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("pruning");
const DAY = 86_400_000;
beforeEach(async () => {
  await rig.pool.query("TRUNCATE inbox, outbox, alert_instance, run, incident, storm, thread CASCADE");
});

/** As if all of it had happened a year ago. */
async function age(): Promise<void> {
  await rig.pool.query(`
    UPDATE thread SET created_at = created_at - interval '1 year';
    UPDATE run SET ended_at = ended_at - interval '1 year';
    UPDATE remedy SET held_until = held_until - interval '1 year';
    UPDATE incident SET last_seen_at = last_seen_at - interval '1 year', resolved_at = resolved_at - interval '1 year';
    DELETE FROM outbox`);
  await rig.bench.store.sweep.endOffers();
  await rig.pool.query("DELETE FROM outbox");
}
/** What is written there stays for all tests. */
const pruned = async () =>
  (await rig.pool.query("SELECT payload FROM audit WHERE event = 'threads.pruned' ORDER BY seq")).rows;
const prune = () => rig.bench.store.sweep.pruneThreads(30 * DAY);
const threads = async () =>
  (await rig.pool.query<{ id: number }>("SELECT id FROM thread ORDER BY id")).rows.map(({ id }) => id);
const threadOf = async (run: number) =>
  (await rig.pool.query("SELECT thread_id FROM run WHERE id = $1", [run])).rows[0]?.thread_id as number;

/** A run with a decision, carried out and verified. */
async function finished(): Promise<number> {
  const run = await rig.proposed();
  await rig.bench.vote(run, "guarded", bob);
  await rig.bench.vote(run, "keyed", bob, "deny");
  await rig.bench.engine.advance(run);
  rig.bench.world.value = 10;
  const thread = await threadOf(run);
  await rig.bench.store.messages.sending(ThreadId.parse(thread), "head", "C0", "d", 0, {
    run,
    remedy: "guarded",
  });
  return thread;
}

test("what is over for long goes whole, and the audit record stays", async () => {
  await finished();
  const deliver = deliverTo(rig.pool);
  await deliver(notification([{ name: "a" }]), []);
  await deliver(notification([{ name: "a", status: "resolved" }]), []);
  await age();
  const young = await finished();
  await rig.pool.query("DELETE FROM outbox");
  const before = (await pruned()).length;
  expect(await prune()).toBe(2);
  expect(await threads()).toEqual([young]);
  for (const table of ["run", "incident", "alert_instance"]) {
    const { rows } = await rig.pool.query(`SELECT count(*)::int AS n FROM ${table}`);
    expect([table, rows[0].n]).toEqual([table, table === "run" ? 1 : 0]);
  }
  expect((await verifyAudit(rig.pool)).firstBad).toBeUndefined();
  expect((await pruned()).slice(before)).toEqual([{ payload: '{"incidents":1,"runs":1,"threads":2}' }]);
  expect(await prune()).toBe(0);
});

test.each([
  ["a run that waits for people", () => rig.proposed().then(threadOf)],
  ["a write nobody knows of", () => rig.unknown().then(threadOf)],
  [
    "a remedy in force",
    async () => {
      const run = await rig.proposed({ applyForMs: DAY });
      await rig.bench.vote(run, "guarded", bob);
      await rig.bench.vote(run, "keyed", bob, "deny");
      await rig.bench.engine.advance(run);
      return threadOf(run);
    },
  ],
  [
    "an incident that fires",
    async () => (await deliverTo(rig.pool)(notification([{ name: `b${Math.random()}` }]), [])).thread,
  ],
])("%s stays, however old", async (_what, make) => {
  const thread = await make();
  await age();
  await prune();
  expect(await threads()).toContain(thread);
});

test("what has not been shown stays until it is", async () => {
  const thread = await finished();
  await age();
  await rig.bench.store.messages.later(ThreadId.parse(thread), 0);
  await rig.pool.query("INSERT INTO outbox (kind, id) VALUES ('thread', $1)", [thread]);
  await prune();
  expect(await threads()).toContain(thread);
});

test("a storm stays as long as one of its groups, and goes after it", async () => {
  const { thread } = await deliverTo(rig.pool)(
    notification([{ name: "storm" }], { groupKey: "{}:{storm}" }),
    [],
  );
  const { messages } = rig.bench.store;
  await messages.fold("C0OPS", [thread], 40);
  const { rows } = await rig.pool.query("SELECT thread_id FROM storm");
  const storm = rows[0].thread_id as number;
  await age();
  await prune();
  expect(await threads()).toEqual(expect.arrayContaining([thread, storm]));
  await rig.pool.query("UPDATE incident SET status = 'resolved' WHERE thread_id = $1", [thread]);
  await prune();
  await prune();
  expect(await threads()).not.toContain(storm);
  expect(await threads()).not.toContain(thread);
});
