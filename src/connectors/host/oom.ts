import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { numberAfter } from "./meminfo.ts";

const { read } = actionsOn<HostClient>("host");

// The journal where it is readable, the kernel's ring otherwise; both may be closed to us, the counter never is.
const OOM = `words='Killed process|oom-kill:|invoked oom-killer|killed as a result of limit'
grep '^oom_kill ' /proc/vmstat; echo ==
cat /proc/uptime; date +%s; echo ==
journalctl -k --since="-$1h" -o short-unix --no-pager -q 2>/dev/null | grep -E "$words" | tail -n 90; echo ==
dmesg 2>/dev/null | grep -E "$words" | tail -n 90; echo ==
journalctl -u systemd-oomd -u earlyoom --since="-$1h" -o short-unix --no-pager -q 2>/dev/null |
  grep -E 'Killed /|sending SIG(TERM|KILL) to process' | tail -n 30; true`;

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
  /** Whose limit it was, where that is a group above its own (a slice, a pod). Absent: its own, or not said. */
  limitOf: z.string().optional(),
  /**
   * What else it was, where it was neither: the memory nodes it is bound to, no piece large enough though memory was free, or a
   * program that watches memory (systemd-oomd, earlyoom) and not the kernel. Absent: the machine or a limit.
   */
  other: z.enum(["nodes", "pieces", "systemd-oomd", "earlyoom"]).optional(),
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
    const [counter = "", clock = "", journal = "", ring = "", watchers = ""] = said;
    const [uptime = "", now = ""] = clock.split("\n");
    const boot = Number(now) - Number(uptime.split(" ")[0]);
    const source: "journal" | "kernel ring" | "none" =
      journal !== "" ? "journal" : ring !== "" ? "kernel ring" : "none";
    const byKernel = source === "journal" ? parseKills(journal, 0) : parseKills(ring, boot);
    const kills = [...byKernel, ...parseWatchers(watchers)].sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
    const oldest = Number(now) - hours * 3600;
    return {
      sinceBoot: numberAfter(counter, "oom_kill") ?? null,
      source,
      kills: kills.filter(({ at }) => at === null || at >= oldest).slice(-20),
    };
  },
});

interface About {
  readonly constraint: string;
  readonly group: string;
  readonly limitOf: string;
  /** Pages asked for in one piece, as a power of two. */
  readonly order: number;
}
const NOTHING: About = { constraint: "", group: "", limitOf: "", order: 0 };

/**
 * Kernel messages come one after the other: `x invoked oom-killer: …order=0`, `oom-kill:constraint=…,oom_memcg=…,task_memcg=…`
 * (before Linux 4.19 `Task in /a killed as a result of limit of /b`), and `Killed process 1 (x) …anon-rss:…kB`. Pure.
 */
export function parseKills(text: string, zero: number): Kill[] {
  const kills: Kill[] = [];
  let about = NOTHING;
  for (const line of linesOf(text)) {
    const killed = /Killed process (\d+) \((.+?)\),? (?:UID|total-vm).*?anon-rss:(\d+)kB/.exec(line);
    if (killed === null) {
      about = { ...about, ...saidIn(line) };
      continue;
    }
    const stamp = /^\[?\s*(\d+\.\d+)/.exec(line)?.[1];
    kills.push({
      at: stamp === undefined ? null : Math.round(Number(stamp) + zero),
      pid: Number(killed[1]),
      process: clip(killed[2] ?? "", 60),
      memory: Number(killed[3]) * 1024,
      ...causeOf(about, line),
    });
    about = NOTHING;
  }
  return kills;
}

/** What a line before the kill says of it. */
function saidIn(line: string): Partial<About> {
  const order = /invoked oom-killer: .{0,300}?\border=(\d{1,2})/.exec(line)?.[1];
  if (order !== undefined) return { ...NOTHING, order: Number(order) };
  const old = /Task in (\S{1,300}) killed as a result of limit of (\S{1,300})/.exec(line);
  if (old !== null)
    return {
      constraint: "CONSTRAINT_MEMCG",
      group: clip(old[1] ?? "", 200),
      limitOf: clip(old[2] ?? "", 200),
    };
  const constraint = /oom-kill:constraint=(\w+)/.exec(line)?.[1];
  if (constraint === undefined) return {};
  return {
    constraint,
    group: clip(/task_memcg=([^,]*)/.exec(line)?.[1] ?? "", 200),
    limitOf: clip(/oom_memcg=([^,]*)/.exec(line)?.[1] ?? "", 200),
  };
}

/** Two to the power of this many pages in one piece: free memory may lie in smaller ones. */
const LARGE_ORDER = 2;

function causeOf({ constraint, group, limitOf, order }: About, line: string) {
  const byLimit = constraint === "CONSTRAINT_MEMCG" || line.includes("Memory cgroup out of memory");
  const bound = constraint === "CONSTRAINT_CPUSET" || constraint === "CONSTRAINT_MEMORY_POLICY";
  const other = byLimit ? undefined : bound ? "nodes" : order >= LARGE_ORDER ? "pieces" : undefined;
  return {
    byLimit,
    group,
    ...(byLimit && limitOf !== "" && limitOf !== group ? { limitOf } : {}),
    ...(other === undefined ? {} : { other: other as "nodes" | "pieces" }),
  };
}

/** What programs that watch memory ended before the kernel had to; of one process the first word (SIGTERM) counts. Pure. */
export function parseWatchers(text: string): Kill[] {
  const kills = new Map<string, Kill>();
  for (const line of linesOf(text)) {
    const at = Math.round(Number(/^\[?\s*(\d+\.\d+)/.exec(line)?.[1] ?? Number.NaN));
    const when = Number.isFinite(at) ? at : null;
    const early =
      /sending SIG(?:TERM|KILL) to process (\d+) (?:uid \d+ )?"([^"]{1,60})".{0,80}?VmRSS (\d+) MiB/.exec(
        line,
      );
    const group = /systemd-oomd.{0,40}?Killed (\/\S{1,300}) due to/.exec(line)?.[1];
    if (early !== null)
      kills.set(`${early[1]} ${early[2]}`, {
        ...{ at: when, pid: Number(early[1]), process: early[2] ?? "", memory: Number(early[3]) * 1024 ** 2 },
        ...{ byLimit: false, group: "", other: "earlyoom" },
      });
    else if (group !== undefined)
      kills.set(`${group} ${at}`, {
        ...{ at: when, pid: 0, process: clip(group.slice(group.lastIndexOf("/") + 1), 60), memory: 0 },
        ...{ byLimit: false, group: clip(group, 200), other: "systemd-oomd" },
      });
  }
  return [...kills.values()];
}
