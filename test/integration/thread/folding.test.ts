import { afterEach, beforeEach, expect, it } from "vitest";
import { type RunId, ThreadId } from "../../../src/core/words/ids.ts";
import { BUDGETS, type Budgets } from "../../../src/thread/send/budgets.ts";
import { limitPosts } from "../../helpers/slack-limits.ts";
import { until } from "../../helpers/until.ts";
import { type Bench, CHANNEL, openBench } from "./bench.ts";
import { BEGIN, JumpingClock, SECOND } from "./jumping-clock.ts";

let bench: Bench;
let clock: JumpingClock;
beforeEach(async () => {
  clock = new JumpingClock();
  bench = await openBench("folding", { now: () => BEGIN + clock.ticks() });
  limitPosts(bench.slack, () => clock.ticks());
});
afterEach(() => bench.close());

const start = (budgets: Partial<Budgets> = {}) =>
  bench.sender({ ...BUDGETS, ...budgets }, bench.store, { clock }).start();

interface Group {
  readonly thread: ThreadId;
  readonly incident: number;
}

/** Alert groups as the webhook writes them. */
async function arrive(count: number, severity = "warning", channel = CHANNEL): Promise<Group[]> {
  const { rows } = await bench.pool.query<{ thread: number; incident: number }>(
    `WITH t AS (INSERT INTO thread (channel) SELECT $1 FROM generate_series(1, $2::int) RETURNING id),
     i AS (INSERT INTO incident (thread_id, group_key, receiver, title, system, severity, status)
       SELECT id, 'group ' || id, 'r', 'Disk full', 'shop', $3, 'firing' FROM t RETURNING id, thread_id),
     o AS (INSERT INTO outbox (kind, id) SELECT 'thread', id FROM t)
     SELECT thread_id AS thread, id AS incident FROM i ORDER BY id`,
    [channel, count, severity],
  );
  return rows.map(({ thread, incident }) => ({ thread: ThreadId.parse(thread), incident }));
}

/** A run of the group that waits for a decision. */
async function decides({ thread, incident }: Group): Promise<void> {
  const { rows } = await bench.pool.query<{ id: RunId }>(
    `INSERT INTO run (thread_id, incident_id, system, runbook, title, params, connections, caller, status)
     VALUES ($1, $2, 'shop', 'pg-locks', 'Locks', '{}', '{"postgres": "db"}', '{"via": "alert", "name": "DiskFull"}', 'waiting')
     RETURNING id`,
    [thread, incident],
  );
  await bench.pool.query(
    `INSERT INTO remedy (run_id, key, ord, title, risk, status) VALUES ($1, 'terminate', 0, 'Terminate', 'high', 'waiting')`,
    [rows[0]?.id],
  );
  await bench.touch(thread, true);
}

const resolve = async ({ thread, incident }: Group): Promise<void> => {
  await bench.pool.query("UPDATE incident SET status = 'resolved', resolved_at = now() WHERE id = $1", [
    incident,
  ]);
  await bench.touch(thread);
};

/** Everything of a channel that is shown now, with the second it was posted at. */
const shown = (channel = CHANNEL) =>
  [...bench.bySlot(channel)].flatMap(([slot, messages]) =>
    messages.map(({ ts, text, blocks }) => ({
      slot: slot.replace(/^\d+\//, ""),
      thread: Number(slot.split("/")[0]),
      at: Number(ts) - BEGIN / SECOND,
      text: `${text} ${JSON.stringify(blocks)}`,
    })),
  );

const pages = (channel = CHANNEL) => shown(channel).filter(({ slot }) => slot.startsWith("storm/page/"));
const ownRoots = (groups: readonly Group[]) =>
  shown().filter(({ slot, thread }) => slot === "head" && groups.some((group) => group.thread === thread));
const stormHead = () => shown().find(({ slot, text }) => slot === "head" && text.includes("lert storm"));

/** Second at which anything of the group was to be seen first. */
const seenAt = ({ thread, incident }: Group): number =>
  Math.min(
    ...shown()
      .filter((one) => (one.slot === "head" && one.thread === thread) || hasLine(one, incident))
      .map(({ at }) => at),
  );
const hasLine = ({ slot, text }: { slot: string; text: string }, incident: number) =>
  slot.startsWith("storm/page/") && text.includes(`#${incident} `);

const GROUPS = 240;
const SECONDS = 30;

it("a storm: every group is to be seen within 1.1 of the time they came in, and nobody else waits for it", async () => {
  const came = new Map<Group, number>();
  const urgent = new Map<Group, number>();
  const elsewhere = new Map<Group, number>();
  let asked: ThreadId | undefined;
  for (let i = 0; i < GROUPS; i++) {
    const at = (i * SECONDS) / GROUPS;
    clock.at(at * SECOND, async () => {
      for (const group of await arrive(1, i % 40 === 7 ? "critical" : "warning"))
        (i % 40 === 7 ? urgent : came).set(group, at);
    });
  }
  clock.at(12 * SECOND, async () => {
    for (const group of await arrive(1, "warning", "C0OTHER")) elsewhere.set(group, 12);
  });
  clock.at(15 * SECOND, async () => {
    ({ thread: asked } = await bench.openThread());
    await bench.pool.query(
      `UPDATE run SET caller = '{"via": "slack", "name": "U0ALICE"}' WHERE thread_id = $1`,
      [asked],
    );
  });
  start();
  const all = () => [...came.keys(), ...urgent.keys()];
  await until(
    () => all().length === GROUPS && all().every((group) => Number.isFinite(seenAt(group))),
    100_000,
  );
  expect(Math.max(...all().map(seenAt))).toBeLessThanOrEqual(SECONDS * 1.1);
  for (const [group, at] of urgent) expect(seenAt(group) - at).toBeLessThanOrEqual(3);
  for (const [group, at] of elsewhere)
    expect(
      (shown("C0OTHER").find(({ thread }) => thread === group.thread)?.at ?? Infinity) - at,
    ).toBeLessThan(2);
  const answer = await until(() => shown().find(({ thread }) => thread === asked));
  expect(answer.at - 15).toBeLessThanOrEqual(4);
  expect(bench.slack.calls.filter(({ error }) => error === "ratelimited")).toEqual([]);
  await until(() => stormHead()?.text.includes(`${GROUPS - ownRoots(all()).length} alert groups`));
});

it("what a channel can show within seconds has threads of its own", async () => {
  const groups = await arrive(20);
  start();
  await until(() => ownRoots(groups).length === groups.length, 60_000);
  expect(pages()).toEqual([]);
});

it("a group whose runs want a decision gets its own thread; the same decision is asked for once", async () => {
  const groups = await arrive(30);
  start();
  await until(() => pages().length > 0, 60_000);
  await decides(groups[3] as Group);
  await decides(groups[4] as Group);
  await until(() => ownRoots(groups).length === 1, 60_000);
  await until(() => bench.isQuiet(), 60_000);
  expect(ownRoots(groups)).toHaveLength(1);
  // The line leads there.
  expect(
    pages()
      .map(({ text }) => text)
      .join(),
  ).toContain("its thread");
});

it("when it is over it says what is left, and what fires again later is no part of it", async () => {
  const groups = await arrive(30);
  const [left, again, ...gone] = groups as [Group, Group, ...Group[]];
  // Over by the database's clock: the only one that lasts in this test.
  start({ stormOverMs: 1, inspectMs: 5_000 });
  await until(() => pages().length > 0, 60_000);
  for (const group of [again, ...gone]) await resolve(group);
  await until(
    () => stormHead()?.text.includes("Alert storm over: 1 of 30 alert groups still fire, 29 ended"),
    60_000,
  );
  expect(stormHead()?.text).toContain(`#${left.incident} `);
  await until(() => shown().some(({ slot }) => slot === "file:storm-1.tsv"), 60_000);
  await bench.pool.query("UPDATE incident SET status = 'firing', resolved_at = NULL WHERE id = $1", [
    again.incident,
  ]);
  await bench.pool.query(
    "INSERT INTO reopening (incident_id, n, at, announced) VALUES ($1, 1, clock_timestamp(), true)",
    [again.incident],
  );
  await bench.touch(again.thread);
  await until(() => ownRoots([again]).length === 1, 60_000);
  expect(ownRoots(gone)).toEqual([]);
});

it("what trickles in after a storm has threads of its own again", async () => {
  await arrive(30);
  const later: Group[] = [];
  for (let i = 0; i < 4; i++)
    clock.at((60 + i * 10) * SECOND, async () => {
      later.push(...(await arrive(1)));
    });
  start();
  await until(() => later.length === 4 && ownRoots(later).length === 4, 60_000);
});

it("a folded thread is not posted by a sender that has drawn it before", async () => {
  const [group] = (await arrive(1)) as [Group];
  await bench.store.fold(CHANNEL, [group.thread], 40);
  expect(await bench.store.sending(group.thread, "head", CHANNEL, "digest", 0)).toBe(false);
  expect(await bench.store.unfold(group.thread, "asked")).toBe(true);
  expect(await bench.store.sending(group.thread, "head", CHANNEL, "digest", 0)).toBe(true);
});

it("what is posted already is not folded", async () => {
  const [group] = (await arrive(1)) as [Group];
  await bench.store.sending(group.thread, "head", CHANNEL, "digest", 0);
  await bench.store.fold(CHANNEL, [group.thread], 40);
  const { rows } = await bench.pool.query("SELECT FROM thread WHERE storm_id IS NOT NULL");
  expect(rows).toEqual([]);
});
