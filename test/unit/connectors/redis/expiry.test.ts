import { describe, expect, it } from "vitest";
import { expiryOf, shareOf } from "../../../../src/connectors/redis/expiry.ts";
import { queueLibrary } from "../../../../src/connectors/redis/keys.ts";

const keys = (n: number, name: string, ttl: (at: number) => number | null, type = "string") =>
  Array.from({ length: n }, (_, at) => ({ key: `${name}:${at}`, type, ttlSeconds: ttl(at), after: 0 }));
const whole = (all: ReturnType<typeof keys>) => expiryOf(all, { keys: all.length, databases: 1 });

describe("keys of queue libraries", () => {
  it.each([
    ["bull:mail:42", "hash", "Bull"],
    ["{bull}:mail:wait", "list", "Bull"],
    ["celery", "list", "Celery"],
    ["unacked_index", "zset", "Celery"],
    ["celery-task-meta-7f2c", "string", "Celery"],
    ["rq:queue:default", "list", "RQ"],
    ["resque:queue:mail", "list", "Resque"],
    ["retry", "zset", "Sidekiq"],
    ["shop:schedule", "zset", "Sidekiq"],
    ["queue:default", "list", "Sidekiq"],
    ["stat:processed:2026-11-29", "string", "Sidekiq"],
  ])("%s (%s) is of %s", (key, type, library) => expect(queueLibrary(key, type)).toBe(library));

  it.each([
    ["retry", "string"],
    ["queue:default", "string"],
    ["bullet:1", "hash"],
    ["page:schedule:1", "zset"],
    ["resquest:1", "list"],
  ])("%s (%s) is of none", (key, type) => expect(queueLibrary(key, type)).toBeUndefined());

  it("are no keys without a TTL", () => {
    const seen = whole([...keys(900, "bull:mail", () => null, "hash"), ...keys(100, "page", () => 60)]);
    expect(seen).toMatchObject({ looked: 100, withoutTtl: 0 });
  });
});

describe("a share of a sample", () => {
  it("is exact where all were looked at, a range where not, nothing where nothing was", () => {
    expect(shareOf(50, 100, true, 1)).toEqual({ is: 0.5, low: 0.5, high: 0.5 });
    const range = shareOf(50, 100, false, 1);
    expect(range?.low).toBeCloseTo(0.404, 3);
    expect(range?.high).toBeCloseTo(0.596, 3);
    expect(shareOf(0, 0, true, 1)).toBeNull();
  });
  it("never says that none is left out of those that were not looked at", () =>
    expect(shareOf(0, 100, false, 1)?.high).toBeGreaterThan(0.03));
  it("says nothing of the rest where databases were looked at for the same time each", () =>
    expect(shareOf(90, 100, false, 3)).toEqual({ is: 0.9, low: 0, high: 1 }));
});

describe("keys that end together", () => {
  it("are found, with what they are and when", () => {
    const seen = whole([
      ...keys(600, "page", (n) => 3000 + (n % 4) / 2),
      ...keys(400, "user", (n) => 30 + n * 5),
    ]);
    expect(seen.together).toMatchObject({ of: 1000, inSeconds: 3000, prefix: "page:*" });
    expect(seen.together?.keys).toBeGreaterThanOrEqual(600);
  });
  it("are found although they were looked at one after the other", () => {
    const all = keys(1000, "page", (n) => 900 - n / 200).map((one, n) => ({ ...one, after: n / 200 }));
    expect(whole(all).together).toMatchObject({ keys: 1000, withinSeconds: 1, inSeconds: 900 });
  });

  it.each([
    ["are written evenly with one TTL", keys(1000, "page", (n) => (n * 300) / 1000)],
    ["live for a few seconds only", keys(1000, "page", () => 5)],
    ["are few", keys(60, "page", () => 600)],
    ["are limits that all end with the hour", keys(1000, "rate_limit", () => 1800)],
    ["are sessions", keys(1000, "sess", () => 1800)],
    ["are jobs that were done", keys(1000, "bull:mail", () => 1800, "hash")],
    ["have no TTL", keys(1000, "page", () => null)],
  ])("are not those that %s", (_what, all) => expect(whole(all).together).toBeNull());
});
