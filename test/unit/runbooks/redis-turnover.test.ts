import { describe, expect, it } from "vitest";
import { expireTogether } from "../../../runbooks/redis/expiry.ts";
import { fragmentAdvice, fragmentFinding } from "../../../runbooks/redis/fragments.ts";
import { stormFinding } from "../../../runbooks/redis/full.ts";
import { expiryOf } from "../../../src/connectors/redis/expiry.ts";
import { parseInfo } from "../../../src/connectors/redis/info.ts";
import { ratesBetween } from "../../../src/connectors/redis/rates.ts";
import { stateOf } from "../../../src/connectors/redis/state.ts";

const MIB = 1024 ** 2;
const NOW = new Date("2026-11-30T10:20:00Z");

describe("a full cache that evicts", () => {
  const info = (hits: number, misses: number, evicted: number, more = "") =>
    [
      ...["role:master", `used_memory:${64 * MIB}`, `maxmemory:${64 * MIB}`, "maxmemory_policy:allkeys-lru"],
      ...[`used_memory_dataset:${60 * MIB}`, "db0:keys=9000,expires=9000,avg_ttl=0"],
      ...[`keyspace_hits:${hits}`, `keyspace_misses:${misses}`, `evicted_keys:${evicted}`, more],
    ].join("\n");
  const storm = (hits: number, misses: number, role: "cache" | "queue" = "cache") => {
    const look = (text: string, at: number) => ({ at, info: parseInfo(text) });
    const rates = ratesBetween(look(info(0, 0, 0), 0), look(info(hits, misses, 400), 2_000), {
      ...{ looks: 0, down: 0, copying: 0 },
    });
    return stormFinding(stateOf(info(hits, misses, 400)), rates, role, { limit: 50, hitRatio: 0.8 });
  };

  it("is as it should be while what is asked for is there", () => {
    expect(storm(9_500, 500)).toBeUndefined();
    expect(storm(500, 9_500)?.id).toBe("eviction-storm");
    expect(storm(0, 0)?.id).toBe("eviction-storm");
  });
  it("of what must stay loses it all the same", () =>
    expect(storm(9_500, 500, "queue")?.severity).toBe("critical"));
});

describe("entries that end together", () => {
  const keys = (ttlSeconds: number) => ({
    ...{ keys: 500, looked: 500, bytes: 5_000, prefixes: [], biggest: [], protected: [], queues: [] },
    ttl: { none: 0, underMinute: 0, underHour: 0, longer: 500 },
    expiry: expiryOf(
      Array.from({ length: 500 }, (_, n) => ({ key: `report:${n}`, type: "string", ttlSeconds, after: 0 })),
      { keys: 500, databases: 1 },
    ),
    notSeen: [],
  });
  const found = (ttlSeconds: number, evicted = 0) =>
    expireTogether(keys(ttlSeconds), { evicted }, NOW, "spreadTtl");

  it("are a hint; at a round moment they were meant to", () => {
    expect(found(3_700)).toMatchObject({ severity: "info" });
    expect(found(3_700)?.because).toContain("written together with one TTL");
    // 12:00 UTC, seen ten seconds after the run began.
    expect(found(6_000 - 10)?.because).toContain("They end at 12:00 UTC, a moment that was chosen");
  });
  it("are no matter where they are evicted long before", () => expect(found(3_700, 50)).toBeUndefined());
});

describe("memory that is no data", () => {
  const found = (more: readonly string[]) =>
    fragmentFinding(
      stateOf(["role:master", `used_memory:${16 * MIB}`, `used_memory_rss:${413 * MIB}`, ...more].join("\n")),
      "defragment",
    );

  it("of a Dragonfly counts against its limit, and is returned in its own way", () => {
    const said = found(["dragonfly_version:df-v1.31.0", `maxmemory:${420 * MIB}`]);
    expect(said?.title).toBe("Dragonfly holds 413 MiB of memory for 16.0 MiB of data, of a limit of 420 MiB");
    expect(said?.because).toContain("rss_oom_deny_ratio");
    expect(fragmentAdvice("dragonfly", "cache")).not.toContain("CONFIG SET");
  });
  it("of a Redis was freed and not returned", () => {
    expect(found([`maxmemory:${420 * MIB}`])?.because).toContain("fragmentation ratio is 25.8");
    expect(fragmentAdvice("redis", "queue")).toContain("only after a failover");
    expect(found([`used_memory:${400 * MIB}`])).toBeUndefined();
  });
});
