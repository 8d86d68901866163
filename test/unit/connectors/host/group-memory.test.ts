import { expect, it } from "vitest";
import { parseGroup } from "../../../../src/connectors/host/memory-group.ts";

it("a group full of file cache, read a moment ago or not, holds little; both cgroup versions", () => {
  const v2 = "1000\n990\nanon 10\nshmem 5\ninactive_file 100\nactive_file 860\nslab_reclaimable 10";
  expect(parseGroup(v2, 5000)).toEqual({ limit: 1000, used: 20, cache: 970 });
  const v1 = "1000\n990\ntotal_rss 10\ntotal_shmem 5\ntotal_inactive_file 100\ntotal_active_file 860";
  expect(parseGroup(v1, 5000)).toEqual({ limit: 1000, used: 30, cache: 960 });
});

it("what is not told apart counts in full; no limit is none", () => {
  expect(parseGroup("1000\n990", 5000)).toEqual({ limit: 1000, used: 990, cache: 0 });
  expect(parseGroup("max\n990\nanon 1", 5000)).toBeNull();
  expect(parseGroup("9223372036854771712\n990", 5000)).toBeNull();
  expect(parseGroup("", 5000)).toBeNull();
});
