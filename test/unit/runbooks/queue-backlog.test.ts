import { describe, expect, test } from "vitest";
import {
  aboutEviction,
  aboutFailed,
  aboutLost,
  aboutTrimmed,
  aboutWaiting,
  belowLimits,
} from "../../../runbooks/redis/queue-findings.ts";
import {
  backlogOf,
  overdue,
  type Queue,
  retryable,
  withStalled,
} from "../../../runbooks/redis/queue-states.ts";
import { queueOfKey } from "../../../runbooks/redis/queue-words.ts";
import { blank } from "../../../src/connectors/redis/queues/queue.ts";
import { waitingOf } from "../../../src/connectors/redis/queues/streams.ts";

const LIMITS = { waiting: 100, oldSeconds: 900 };
const CONTEXT = { params: { waiting: 100, oldMinutes: 15 } };
const queue = (more: Partial<Queue>): Queue => ({
  ...blank({ library: "BullMQ", database: 0, prefix: "bull", name: "mails" }),
  ...{ version: "bullmq:6.7.0", waiting: 500, active: 2, workers: 2, failed: 0, oldestSeconds: 20 },
  ...{ added: 60, done: 60, failing: 0, grown: 0, taken: true, activeSeconds: 0.1, typicalSeconds: 0.1 },
  ...more,
});
const of = (more: Partial<Queue>) => backlogOf(queue(more), LIMITS);
const STILL = { done: 0, taken: false, added: 0 };
const again = (more: object = {}) => [
  { id: "7", name: "parse", attempts: 40, times: 40, state: "active" as const, error: "", ...more },
];

describe("why jobs wait", () => {
  test("each cause beside its healthy twin", () => {
    expect(of({ ...STILL, workers: 0, active: 0 })).toBe("no-worker");
    expect(of({ ...STILL, workers: 0, active: 0, waiting: 99 }), "not many, not old").toBeUndefined();
    expect(of({ ...STILL, workers: 0, active: 0, waiting: 1, oldestSeconds: 901 })).toBe("no-worker");
    expect(of({ ...STILL, workers: 0, active: 0, waiting: 0, oldestSeconds: null })).toBeUndefined();
    expect(of({ ...STILL, paused: true })).toBe("paused");
    expect(of({ ...STILL, paused: true, waiting: 0 }), "paused and empty").toBeUndefined();
    expect(of({ ...STILL, paused: true, workers: 0 }), "the pause comes first").toBe("paused");
    expect(of({ ...STILL, quiet: 2 })).toBe("quiet-workers");
    expect(of({ ...STILL, quiet: 1, active: 0 })).toBe("idle-workers");
    expect(of({ ...STILL, active: 0, limited: true })).toBe("limited");
    expect(of({ ...STILL, active: 0, workers: null })).toBe("standing");
    expect(of({ grown: 30 })).toBe("growing");
    expect(of({ grown: -30 })).toBe("draining");
    expect(of({ grown: 0 }), "as much is done as comes").toBe("draining");
  });

  test("what is seen to be taken was taken by somebody, whoever bears a name", () => {
    expect(of({ workers: 0, grown: -30 })).toBe("draining");
    expect(of({ workers: 0, grown: 30 })).toBe("growing");
    expect(of({ ...STILL, workers: 0, active: 0, taken: null }), "nothing is known").toBe("no-worker");
    const told = aboutWaiting(all({ ...STILL, workers: 0, active: 1, held: 1 }), CONTEXT);
    expect(told[0]?.because).toContain("Either its workers ended within the last half minute");
  });

  test("workers with other queues first, limits that may or may not hold back", () => {
    expect(of({ ...STILL, active: 0, elsewhere: 2 })).toBe("elsewhere");
    expect(of({ ...STILL, active: 0, elsewhere: 1, quiet: 1 })).toBe("elsewhere");
    expect(of({ ...STILL, active: 0, elsewhere: 1 }), "one of two has room").toBe("idle-workers");
    expect(of({ elsewhere: 2, grown: -1 }), "it is worked on all the same").toBe("draining");
    const [may] = aboutWaiting(all({ ...STILL, active: 0, mayLimitSeconds: 40 }), CONTEXT);
    expect(may).toMatchObject({ id: "idle-workers", severity: "info" });
    expect(may?.because).toContain("Either the rate limit of a worker");
  });

  test("jobs that are put off untried are no poison: none is offered to be removed", () => {
    const off = { ...STILL, again: again({ attempts: 0 }) };
    expect(of({ ...off, taken: true })).toBe("limited");
    const [said] = aboutWaiting(all({ ...off, taken: true }), CONTEXT);
    expect(said).toMatchObject({ severity: "warning", remedies: ["askWhoLimits"] });
    expect(of({ ...off, waiting: 1 }), "few").toBeUndefined();
    expect(aboutLost(all(off), CONTEXT)).toEqual([]);
  });

  test("a list by its name, and the queue an alert names", () => {
    const list = { ...STILL, library: "list" as const, workers: null, active: 0, taken: null };
    expect(aboutWaiting(all(list), CONTEXT)[0]).toMatchObject({ id: "standing", severity: "info" });
    const below = { ...all({ waiting: 60, oldestSeconds: 3 }) };
    const asked = { params: { ...CONTEXT.params, queue: "mails" } };
    expect(belowLimits(below, asked), "nobody is alarmed").toBeUndefined();
    expect(belowLimits(below, { ...asked, alert: {} })?.title).toBe(
      "60 jobs of mails wait, the first for 3.0 s: no backlog by the limits of this look",
    );
    expect(belowLimits(all({}), { ...asked, alert: {} }), "it is one").toBeUndefined();
    expect(queueOfKey("bull:mails:wait")).toBe("mails");
    expect(queueOfKey("{app}:v2:mails:prioritized")).toBe("mails");
    expect(queueOfKey("shop:queue:low")).toBe("low");
    expect(queueOfKey("rq:queue:high")).toBe("high");
    expect([queueOfKey("page:1"), queueOfKey("bull:mails:17"), queueOfKey(undefined)]).toEqual([
      ...[undefined, undefined, undefined],
    ]);
  });

  test("long jobs are no stuck workers", () => {
    expect(of({ ...STILL, activeSeconds: 700, typicalSeconds: 1 })).toBe("stuck");
    expect(of({ ...STILL, activeSeconds: 40, typicalSeconds: 1 }), "not yet a minute").toBe("unfinished");
    expect(of({ ...STILL, activeSeconds: 700, typicalSeconds: 300 }), "jobs of minutes").toBe("draining");
    expect(of({ ...STILL, activeSeconds: 700, typicalSeconds: 300, grown: 9 })).toBe("growing");
    expect(of({ ...STILL, activeSeconds: 700, typicalSeconds: null }), "nobody knows").toBe("unfinished");
  });

  test("poisoned: one that comes back while nothing is done, however short the queue", () => {
    expect(of({ ...STILL, waiting: 1, again: again() })).toBe("poisoned");
    expect(of({ waiting: 1, again: again() }), "others are done").toBeUndefined();
    expect(of({ ...STILL, waiting: 1, again: again({ times: 1 }) }), "its worker ended once").toBeUndefined();
    expect(of({ ...STILL, waiting: 1, again: again({ times: null }) })).toBeUndefined();
    expect(aboutLost(all({ again: again() }), CONTEXT).map(({ id }) => id)).toEqual(["comes-back"]);
    expect(aboutLost(all({ ...STILL, waiting: 1, again: again() }), CONTEXT)).toEqual([]);
  });

  test("lost and overdue jobs follow from there being nobody, and are causes of their own elsewhere", () => {
    const nobody = queue({ ...STILL, workers: 0, waiting: 0, active: 1, stalled: 1, due: 4 });
    expect(backlogOf(nobody, LIMITS)).toBe("no-worker");
    expect(withStalled({ queues: [nobody] }, LIMITS)).toEqual([]);
    expect(overdue({ queues: [nobody] }, LIMITS)).toEqual([]);
    const others = queue({ waiting: 0, stalled: 1, due: 4 });
    expect(withStalled({ queues: [others] }, LIMITS)).toHaveLength(1);
    expect(overdue({ queues: [others] }, LIMITS)).toHaveLength(1);
  });
});

const all = (...queues: Partial<Queue>[]) => ({
  seconds: 5,
  keys: 9,
  total: queues.length,
  queues: queues.map(queue),
});

describe("failed jobs", () => {
  const failures = [
    {
      name: "send",
      error: "ECONNREFUSED",
      jobs: 2,
      ids: [
        { id: "a", at: 1_000 },
        { id: "b", at: 900 },
      ],
    },
  ];
  const failed = { failed: 2, failures, lastFailedSeconds: 600, lastDoneSeconds: 1 };

  test("are tried again only where jobs have been done since, and they are of the last day", () => {
    expect(retryable(all(failed))).toEqual([
      { database: 0, prefix: "bull", name: "mails", jobs: failures[0]?.ids },
    ]);
    expect(retryable(all({ ...failed, done: 0, lastDoneSeconds: 700 })), "nothing done since").toEqual([]);
    expect(retryable(all({ ...failed, failing: 1 })), "they fail now").toEqual([]);
    expect(retryable(all({ ...failed, lastFailedSeconds: 90_000 })), "of last week").toEqual([]);
    expect(retryable(all({ ...failed, paused: true }))).toEqual([]);
    expect(retryable(all({ ...failed, library: "Sidekiq" }))).toEqual([]);
  });

  test("those that fail now are a warning, those from before a note, old ones nothing", () => {
    const of = (more: Partial<Queue>) =>
      aboutFailed(all({ ...failed, ...more }), CONTEXT).map((one) => [one.severity, one.id, one.remedies]);
    expect(of({ failing: 3 })).toEqual([["warning", "failing", ["readFailures"]]]);
    expect(of({})).toEqual([["info", "failed-jobs", ["retryFailed", "readFailures"]]]);
    expect(of({ lastFailedSeconds: 90_000 })).toEqual([]);
  });
});

test("eviction: what was thrown away is grave, what may be a warning, noeviction and no limit nothing", () => {
  const of = (policy: string, evicted: number, max = 1_000) =>
    aboutEviction({ memory: { max, policy }, totals: { evicted } } as never, all({}))?.severity;
  expect(of("allkeys-lru", 7)).toBe("critical");
  expect(of("allkeys-lru", 0)).toBe("warning");
  expect(of("volatile-lru", 7), "locks have a TTL").toBe("critical");
  expect(of("volatile-lru", 0)).toBeUndefined();
  expect(of("noeviction", 7)).toBeUndefined();
  expect(of("allkeys-lru", 0, 0), "no limit").toBeUndefined();
});

describe("entries of a stream", () => {
  const group = (lag?: string) => new Map(lag === undefined ? [] : [["lag", lag]]);
  const at = { head: "1500-0", length: 1_000, ends: [1_000, 2_000] as const };

  test("what was cut off before it was read waits no more, and is lost", () => {
    expect(waitingOf(group("400"), at)).toEqual({ waiting: 400, trimmed: 0 });
    expect(waitingOf(group("4000"), at)).toEqual({ waiting: 1_000, trimmed: 3_000 });
    const lost = all({ name: "ev / mails", library: "stream", trimmed: 3_000, workers: 1 });
    expect(aboutTrimmed(lost, CONTEXT)).toMatchObject({
      severity: "critical",
      title: "3000 entries of ev / mails were cut off the stream before the group was given them",
    });
    expect(aboutTrimmed(all({ trimmed: 9, workers: 0 }), CONTEXT)?.severity).toBe("warning");
    expect(aboutTrimmed(all({ trimmed: 0 }), CONTEXT)).toBeUndefined();
  });

  test("where the lag is not said, entries that all have read are not counted as waiting", () => {
    expect(waitingOf(group(), at).waiting).toBe(500);
    expect(waitingOf(group(), { ...at, head: "2000-7" }).waiting).toBe(1);
    expect(waitingOf(group(), { ...at, head: null }).waiting).toBe(0);
    expect(waitingOf(group(), { ...at, ends: null }), "nothing to go by").toMatchObject({ waiting: 1_000 });
  });
});
