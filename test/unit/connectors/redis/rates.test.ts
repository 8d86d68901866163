import { expect, it } from "vitest";
import { groupsIn } from "../../../../src/connectors/redis/clients.ts";
import { parseInfo } from "../../../../src/connectors/redis/info.ts";
import { memoryIn } from "../../../../src/connectors/redis/memory.ts";
import { ratesBetween } from "../../../../src/connectors/redis/rates.ts";
import { slowIn } from "../../../../src/connectors/redis/slow.ts";

const link = { looks: 0, down: 0, copying: 0 };
const between = (before: string, after: string) =>
  ratesBetween({ at: 0, info: parseInfo(before) }, { at: 2_000, info: parseInfo(after) }, link);

it("what is counted is what grew", () => {
  const rates = between(
    "run_id:a\nkeyspace_hits:100\nerrorstat_OOM:count=5\ncmdstat_keys:calls=10,usec=100000,usec_per_call=1\nused_cpu_user_main_thread:1\nused_cpu_sys_main_thread:1\nsync_full:9\n",
    "run_id:a\nkeyspace_hits:130\nkeyspace_misses:10\nerrorstat_OOM:count=5\nerrorstat_READONLY:count=2\ncmdstat_keys:calls=18,usec=340000,usec_per_call=1\nused_cpu_user_main_thread:1.5\nused_cpu_sys_main_thread:1.1\nsync_full:9\n",
  );
  expect(rates).toMatchObject({
    seconds: 2,
    hits: 30,
    misses: 10,
    oomErrors: 0,
    errors: { READONLY: 2 },
    fullSyncs: 0,
    reset: null,
  });
  expect(rates.commands).toEqual([{ command: "KEYS", calls: 8, ms: 240, share: 0.12 }]);
  expect(rates.cpuShare).toBeCloseTo(0.3);
  // Not counted by this version: unknown, not none.
  expect(rates.bufferCuts).toBeNull();
});

it("a counter that fell counts from then on, and that is said", () => {
  expect(between("run_id:a\nkeyspace_hits:1000\n", "run_id:b\nkeyspace_hits:7\n")).toMatchObject({
    hits: 7,
    reset: "restart",
  });
  const cleared = between(
    "run_id:a\ntotal_commands_processed:900\n",
    "run_id:a\ntotal_commands_processed:4\n",
  );
  expect(cleared.reset).toBe("counters");
});

it("the slow log's share is of the time its entries stretch over", () => {
  const entry = (n: number) => [n, 1000 - n / 4, 30_000, ["KEYS", "cdn:*"]];
  const full = slowIn(
    Array.from({ length: 128 }, (_, n) => entry(n)),
    [],
    1000,
    600,
  );
  expect(full.byCommand[0]).toMatchObject({ command: "KEYS", entries: 128 });
  expect(full.byCommand[0]?.share).toBeCloseTo(0.12, 2);
  // One that is not full knows of all that was slow: a few calls in ten minutes are little.
  expect(slowIn([entry(1), entry(2)], [], 1000, 600).byCommand[0]?.share).toBeCloseTo(0.0001, 4);
});

it("clients are grouped by what they are there for, name and address", () => {
  const line = (id: number, flags: string, bytes: number) =>
    `id=${id} addr=10.0.0.7:${4000 + id} laddr=10.0.0.1:6379 name=orders age=8 idle=3 flags=${flags} omem=${bytes} tot-mem=${bytes} cmd=get user=default`;
  const groups = groupsIn([line(1, "N", 10), line(2, "N", 30), line(3, "P", 100), ""].join("\n"));
  expect(groups).toEqual([
    {
      kind: "subscriber",
      name: "orders",
      address: "10.0.0.7",
      connections: 1,
      bytes: 100,
      unread: 100,
      command: "get",
      idleSeconds: 3,
    },
    {
      kind: "normal",
      name: "orders",
      address: "10.0.0.7",
      connections: 2,
      bytes: 40,
      unread: 40,
      command: "get",
      idleSeconds: 3,
    },
  ]);
});

it("memory that is not told is not 0", () => {
  expect(memoryIn(parseInfo("role:master\n"))).toBeNull();
  expect(memoryIn(parseInfo("used_memory:200000000\nused_memory_rss:0\n"))).toMatchObject({
    rss: null,
    fragmentation: null,
    system: null,
  });
});
