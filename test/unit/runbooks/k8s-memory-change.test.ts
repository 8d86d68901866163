import { describe, expect, it, test } from "vitest";
import type { Workload, Workloads } from "../../../runbooks/kubernetes/changes.ts";
import { memoryFinding, memoryOf } from "../../../runbooks/kubernetes/memory-change.ts";
import { stateOf } from "../../../src/connectors/redis/state.ts";

const MIB = 2 ** 20;
const workload = (name: string, image: string, memoryLimit: number | null = 512 * MIB): Workload =>
  ({
    ...{ kind: "StatefulSet", namespace: "production", name, uid: name, desired: 1, current: 1, ready: 1 },
    ...{
      available: 1,
      updated: 1,
      isObserved: true,
      progress: null,
      paused: false,
      strategy: "RollingUpdate",
    },
    containers: [{ name, image, memoryLimit, memoryRequest: null, cpuRequest: null }],
  }) as unknown as Workload;
const all = (one: Workload) => ({ total: 1, workloads: [one] }) as unknown as Workloads;
const asked = (memoryMiB: number, workload = "redis") => ({
  ...{ workload, memoryMiB, restart: false, all: false, cordon: true },
});
const keys = "# Keyspace\r\ndb0:keys=100,expires=0,avg_ttl=0\r\n";
const now = 1_800_000_000;
const store = (saving: string, rules: string) => {
  const state = stateOf(
    `redis_version:7.2.4\r\nserver_time_usec:${now * 1e6}\r\nrole:master\r\n${saving}${keys}`,
  );
  return { ...state, persistence: { ...state.persistence, rules } };
};
const saved = store(
  `rdb_last_bgsave_status:ok\r\nrdb_last_save_time:${now - 60}\r\naof_enabled:0\r\n`,
  "3600 1",
);
const unsaved = store("rdb_last_bgsave_status:ok\r\naof_enabled:0\r\n", "");

describe("more memory for what keeps its data in it", () => {
  const redis = workload("redis", "docker.io/redis:7.2");
  test("trap redis-limit-not-maxmemory: offered once it is saved, with maxmemory as a step of its own", () => {
    expect(memoryOf(all(redis), asked(1024), saved)).toMatchObject([
      { kind: "StatefulSet", container: "redis", from: 512 * MIB, to: 1024 * MIB },
    ]);
    expect(memoryFinding(redis, asked(1024), saved)?.remedies).toEqual(["raiseMemory", "setMaxmemory"]);
  });

  it("not where a new pod would begin empty, or nobody knows whether it would", () => {
    expect(memoryOf(all(redis), asked(1024), unsaved)).toEqual([]);
    expect(memoryFinding(redis, asked(1024), unsaved)?.because).toMatch(/saves nothing.*emptied, too/);
    expect(memoryOf(all(redis), asked(1024), undefined)).toEqual([]);
    expect(memoryFinding(redis, asked(1024), undefined)?.because).toContain("no redis connection");
  });

  it("of a program that keeps none there is nothing to be saved, and it is never less than before", () => {
    const api = workload("api", "ghcr.io/acme/api:1");
    expect(memoryOf(all(api), asked(1024, "api"), undefined)).toHaveLength(1);
    expect(memoryFinding(api, asked(1024, "api"), undefined)?.remedies).toEqual(["raiseMemory"]);
    expect(memoryOf(all(api), asked(256, "api"), undefined)).toEqual([]);
    expect(memoryFinding(api, asked(256, "api"), undefined)?.title).toContain("would not be more");
    const free = workload("api", "ghcr.io/acme/api:1", null);
    expect(memoryFinding(free, asked(256, "api"), undefined)?.title).toContain("not clear");
  });
});
