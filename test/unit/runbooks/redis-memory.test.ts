import { describe, expect, it } from "vitest";
import { redisMemory } from "../../../runbooks/redis/redis-memory.ts";
import { parseInfo } from "../../../src/connectors/redis/info.ts";
import { ratesBetween } from "../../../src/connectors/redis/rates.ts";
import { stateOf } from "../../../src/connectors/redis/state.ts";
import { failed, judge } from "../../../src/testing/index.ts";

const MIB = 1024 ** 2;
const OOM = failed("target_refused", "Redis: OOM command not allowed when used memory > 'maxmemory'.", "OOM");

const infoOf = (fields: Record<string, number | string>): string =>
  Object.entries({
    ...{ role: "master", used_memory: 64 * MIB, used_memory_rss: 70 * MIB, maxmemory: 64 * MIB },
    ...{ maxmemory_policy: "noeviction", used_memory_startup: MIB, used_memory_overhead: 2 * MIB },
    ...{ used_memory_dataset: 62 * MIB, db0: "keys=100,expires=0,avg_ttl=0" },
    ...fields,
  })
    .map(([name, value]) => `${name}:${value}`)
    .join("\n");

const sampleOf = (more: object = {}) => ({
  ...{ keys: 100, looked: 100, bytes: 60 * MIB, biggest: [], protected: [] },
  prefixes: [{ prefix: "bull:mail:*", keys: 100, bytes: 60 * MIB, withoutTtl: 100, strings: 0 }],
  ttl: { none: 100, underMinute: 0, underHour: 0, longer: 0 },
  ...more,
});

interface Given {
  readonly fields?: Record<string, number | string>;
  readonly role?: string;
  readonly keys?: object;
  readonly write?: unknown;
}

const judged = ({ fields = {}, role = "cache", keys = sampleOf(), write = OOM }: Given) => {
  const look = { at: 0, info: parseInfo(infoOf(fields)) };
  return judge(redisMemory, {
    steps: {
      state: stateOf(infoOf(fields)),
      write,
      rates: ratesBetween(look, { ...look, at: 2_000 }, { looks: 0, down: 0, copying: 0 }),
      clients: { groups: [], byMemory: { normal: 1 }, limits: "", timeout: 0 },
      keys,
    },
    connections: {
      first: { kind: "redis", url: "redis://10.0.0.1", role: "cache" },
      asked: { kind: "redis", url: "redis://10.0.0.2", role },
    },
    uses: { redis: "asked" },
  });
};

describe("a full server: remedies follow what takes it", () => {
  it.each([
    ["mem_clients_normal", ": 40.0 MiB are buffers of clients", "slimClients"],
    ["mem_clients_slaves", ": 40.0 MiB are buffers of replicas", "slimReplicas"],
    ["mem_replication_backlog", ": 40.0 MiB are the replication backlog", "shrinkBacklog"],
    ["mem_aof_buffer", ": 40.0 MiB are the append-only file's buffer", "freeFile"],
    ["used_memory_scripts", ": 40.0 MiB are scripts and functions", "shortScripts"],
  ])("%s", (field, words, remedy) => {
    const { findings, remedies } = judged({ fields: { [field]: 40 * MIB } });
    expect(findings[0]?.title).toContain(words);
    expect(findings[0]?.remedies).toEqual([remedy]);
    expect(JSON.stringify(remedies)).not.toContain("CONFIG SET maxmemory-policy");
  });

  it("keys: a cache may evict or grow", () => {
    expect(judged({}).findings[0]?.remedies).toEqual([
      "setPolicy",
      "raiseMaxmemory",
      "persistConfig",
      "makeRoom",
    ]);
  });

  it("one key among those looked at, and one that was not looked at", () => {
    const biggest = [{ key: "audit", type: "list", bytes: 40 * MIB, ttlSeconds: null }];
    expect(judged({ keys: sampleOf({ biggest }) }).findings[0]?.remedies[0]).toBe("splitKeys");
    const part = sampleOf({ keys: 10_000, looked: 100, bytes: 10_000 });
    const { findings } = judged({ keys: part });
    expect(findings[0]?.title).toContain("most is in keys that were not looked at (100 of 10000 were)");
    expect(findings[0]?.remedies[0]).toBe("findBigKeys");
  });

  it("what no key explains is said to be unaccounted for", () => {
    const { findings } = judged({
      fields: { used_memory: 400 * MIB, maxmemory: 0, used_memory_dataset: 390 * MIB },
      keys: sampleOf(),
      write: { accepted: true },
    });
    expect(findings.map(({ id }) => id)).toContain("unaccounted");
  });

  it("parts that are not told are not 0", () => {
    const { findings } = judged({ fields: { used_memory_rss: "", maxmemory: 0 }, write: { accepted: true } });
    expect(findings).toEqual([]);
  });
});

describe("roles", () => {
  it.each(["queue", "mixed"])(
    "nothing that loses jobs is said of %s, the first of the kind being a cache",
    (role) => {
      const biggest = [{ key: "bull:mail:wait", type: "list", bytes: 40 * MIB, ttlSeconds: null }];
      for (const keys of [sampleOf(), sampleOf({ biggest })]) {
        const said = JSON.stringify(judged({ role, keys }));
        expect(said).not.toMatch(
          /UNLINK|TTL,|give them|LTRIM|XTRIM|FLUSH|allkeys|setPolicy|NOSAVE|Remove one/,
        );
        expect(said).toContain(`role`);
      }
    },
  );

  it("of a cache it is", () => {
    expect(JSON.stringify(judged({}).remedies.makeRoom)).toContain("give them a TTL");
  });
});

it("buffers of replicas are no clients that do not read, and do not count for maxmemory", () => {
  const fields = (part: string) => ({
    ...{ used_memory: 1024 * MIB, used_memory_rss: 1100 * MIB, maxmemory: 1024 * MIB },
    ...{ maxmemory_policy: "allkeys-lru", used_memory_dataset: 310 * MIB, used_memory_overhead: 714 * MIB },
    ...{ [part]: 700 * MIB, mem_not_counted_for_evict: part === "mem_clients_slaves" ? 700 * MIB : 0 },
  });
  const of = (part: string) =>
    judged({ fields: fields(part), write: { accepted: true } }).findings.find(
      ({ id }) => id === "client-buffers",
    );
  expect(of("mem_clients_slaves")).toMatchObject({
    title: "Buffers of replicas take 700 MiB: a replica does not keep up",
    because: expect.stringContaining("nothing is evicted or refused because of them"),
    remedies: ["slimReplicas"],
  });
  expect(of("mem_clients_normal")).toMatchObject({ remedies: ["slimClients"] });
});
