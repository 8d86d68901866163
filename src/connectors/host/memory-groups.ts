import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { groupMemory } from "../../lib/group-memory.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";

const { read } = actionsOn<HostClient>("host");

// Version 2 says "max" for no limit, version 1 a number of 19 digits. Names of units have backslashes in them, which a plain xargs eats.
const GROUPS = `export LC_ALL=C
limits=$(find /sys/fs/cgroup \\( -name memory.max -o -name memory.high -o -name memory.limit_in_bytes \\) 2>/dev/null | head -n 6000 |
  tr '\\n' '\\0' | xargs -0 grep -HvE '^(max|0|[0-9]{16,})$' /dev/null 2>/dev/null | head -n 400)
printf '%s\\n==\\n' "$limits"
dirs=$(printf '%s\\n' "$limits" | sed 's,/memory\\.[a-z_]*:[0-9]*$,,' | sort -u | head -n 150)
of() { printf '%s\\n' "$dirs" | while IFS= read -r d; do [ -z "$d" ] || for f in "$@"; do grep -H '' "$d/$f" 2>/dev/null; done; done; echo ==; }
of memory.events; sleep 2; of memory.events
of memory.current memory.usage_in_bytes
of memory.stat | grep -E '/memory\\.stat:(anon|rss|total_rss|inactive_file|active_file|total_inactive_file|total_active_file|slab_reclaimable|shmem|total_shmem) '; true`;

const MemoryGroup = z.object({
  /** Of the unit or container, below /sys/fs/cgroup. */
  path: z.string(),
  /** Beyond it the kernel kills; null: none. */
  limit: z.number().nullable(),
  /** Beyond it the kernel makes programs wait while it takes memory back; null: none (version 1 has none). */
  high: z.number().nullable(),
  /** Without file cache, which is given back first. */
  held: z.number(),
  cache: z.number(),
  /** Times within two seconds that it was made to wait at `high`; null: not counted. */
  waits: z.int().nullable(),
});
export type MemoryGroup = z.output<typeof MemoryGroup>;

/**
 * Memory of control groups that have a limit of their own (units, containers; both versions), nearest to it first, at most 20.
 * kernel.org admin-guide/cgroup-v2 (memory.max, memory.high, memory.events).
 */
export const memoryGroups = read({
  name: "host.memory-groups",
  title: "Memory of units and containers with limits",
  input: z.object({}),
  output: z.object({ groups: z.array(MemoryGroup).max(20) }),
  timeoutSeconds: 20,
  run: async (client, _input, context) => ({
    groups: groupsIn(await script(client, GROUPS, [], context, { maxBytes: 4_000_000, cut: true })),
  }),
});

/** `/sys/fs/cgroup/x/memory.max:1048576`, `…/memory.stat:anon 4096`. */
function valuesOf(text: string): Map<string, Map<string, number>> {
  const found = new Map<string, Map<string, number>>();
  for (const line of linesOf(text)) {
    const [, path = "", file = "", rest = ""] = /^(.*)\/memory\.([a-z_]+):(.*)$/.exec(line) ?? [];
    const [name, value] = rest.includes(" ") ? rest.split(" ") : [file, rest];
    if (path === "" || value === undefined || !/^\d+$/.test(value)) continue;
    const one = found.get(path) ?? new Map<string, number>();
    found.set(path, one.set(name ?? "", Number(value)));
  }
  return found;
}

/** Pure. Exported for its test. */
export function groupsIn(said: string): MemoryGroup[] {
  const [limits = "", before = "", after = "", usage = "", stat = ""] = partsOf(said);
  const [first, last, used, parts] = [before, after, usage, stat].map(valuesOf);
  return [...valuesOf(limits)]
    .flatMap(([path, own]) => {
      const current = used?.get(path)?.get("current") ?? used?.get(path)?.get("usage_in_bytes");
      if (current === undefined) return [];
      const known = groupMemory(current, Object.fromEntries(parts?.get(path) ?? []));
      const waits = last?.get(path)?.get("high");
      return [
        {
          path: clip(path.replace(/^\/sys\/fs\/cgroup(\/memory)?/, "") || "/", 200),
          limit: own.get("max") ?? own.get("limit_in_bytes") ?? null,
          high: own.get("high") ?? null,
          held: known?.held ?? current,
          cache: known?.cache ?? 0,
          waits: waits === undefined ? null : Math.max(0, waits - (first?.get(path)?.get("high") ?? 0)),
        },
      ];
    })
    .sort((a, b) => ratioOf(b) - ratioOf(a))
    .slice(0, 20);
}

const ratioOf = ({ held, limit, high }: MemoryGroup): number =>
  held / Math.min(limit ?? Number.POSITIVE_INFINITY, high ?? Number.POSITIVE_INFINITY);
