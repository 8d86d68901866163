import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { numberAfter } from "./meminfo.ts";

const { read } = actionsOn<HostClient>("host");

// The journal where it is readable, the kernel's ring otherwise; both may be closed to us, the counter never is.
const OOM = `grep '^oom_kill ' /proc/vmstat; echo ==
cat /proc/uptime; date +%s; echo ==
journalctl -k --since="-$1h" -o short-unix --no-pager -q 2>/dev/null | grep -E 'Killed process|oom-kill:' | tail -n 60; echo ==
dmesg 2>/dev/null | grep -E 'Killed process|oom-kill:' | tail -n 60; true`;

const Kill = z.object({
  /** Unix seconds; null where the log does not say. */
  at: z.number().nullable(),
  pid: z.int(),
  process: z.string(),
  /** Anonymous memory it held, bytes. */
  memory: z.number(),
  /** Killed by the limit of its control group (container, unit) rather than by a machine without memory. */
  byLimit: z.boolean(),
  group: z.string(),
});
export type Kill = z.output<typeof Kill>;

/** Processes the kernel killed for memory (trap `oom-grep`: bounded in time, kernel messages only). sergas-accounts.crashes. */
export const oomKills = read({
  name: "host.oom-kills",
  title: "Processes killed for memory",
  input: z.object({ hours: z.int().min(1).max(168).default(24) }),
  output: z.object({
    sinceBoot: z.int().nullable(),
    source: z.enum(["journal", "kernel ring", "none"]),
    kills: z.array(Kill),
  }),
  run: async (client, { hours }, context) => {
    const said = partsOf(await script(client, OOM, [String(hours)], context, { cut: true }));
    const [counter = "", clock = "", journal = "", ring = ""] = said;
    const [uptime = "", now = ""] = clock.split("\n");
    const boot = Number(now) - Number(uptime.split(" ")[0]);
    const source: "journal" | "kernel ring" | "none" =
      journal !== "" ? "journal" : ring !== "" ? "kernel ring" : "none";
    const kills = source === "journal" ? parseKills(journal, 0) : parseKills(ring, boot);
    const oldest = Number(now) - hours * 3600;
    return {
      sinceBoot: numberAfter(counter, "oom_kill") ?? null,
      source,
      kills: kills.filter(({ at }) => at === null || at >= oldest).slice(-20),
    };
  },
});

/** Kernel messages come in pairs: `oom-kill:constraint=…,oom_memcg=…,pid=…` and `Killed process 1 (x) …anon-rss:…kB`. */
export function parseKills(text: string, zero: number): Kill[] {
  const kills: Kill[] = [];
  let group = { byLimit: false, path: "" };
  for (const line of linesOf(text)) {
    const constraint = /oom-kill:constraint=(\w+)/.exec(line)?.[1];
    if (constraint !== undefined) {
      const path = /task_memcg=([^,]*)/.exec(line)?.[1] ?? "";
      group = { byLimit: constraint === "CONSTRAINT_MEMCG", path: clip(path, 200) };
      continue;
    }
    const killed = /Killed process (\d+) \((.+?)\),? (?:UID|total-vm).*?anon-rss:(\d+)kB/.exec(line);
    if (killed === null) continue;
    const stamp = /^\[?\s*(\d+\.\d+)/.exec(line)?.[1];
    kills.push({
      at: stamp === undefined ? null : Math.round(Number(stamp) + zero),
      pid: Number(killed[1]),
      process: clip(killed[2] ?? "", 60),
      memory: Number(killed[3]) * 1024,
      byLimit: group.byLimit || line.includes("Memory cgroup out of memory"),
      group: group.path,
    });
    group = { byLimit: false, path: "" };
  }
  return kills;
}
