import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { familyOf } from "./file-systems.ts";
import { parseMounts, serverOf } from "./mounts.ts";
import { WaitsFor, waitsFor } from "./wait-channel.ts";

const { read } = actionsOn<HostClient>("host");
/** Threads in state D that are looked at. */
const MOST = 200;
const SECONDS = 2;

// Two looks at the threads in state D. Nothing here reads their memory (cmdline, maps): that may wait for the same lock.
const STUCK = `ids=$(printf '%s\\n' /proc/[0-9]*/task/[0-9]*/stat | xargs cat 2>/dev/null | grep ') D ' | cut -d' ' -f1 | head -n ${MOST + 1})
look() { for t in $ids; do printf '/proc/%s/status\\n/proc/%s/wchan\\n' "$t" "$t"; done | xargs grep -HE '^(Name|Tgid|PPid|State|voluntary_ctxt_switches|nonvoluntary_ctxt_switches):|^[A-Za-z0-9_.]+$' /dev/null 2>/dev/null; }
[ -z "$ids" ] || look; echo ==
[ -z "$ids" ] || { sleep ${SECONDS}; look; }; echo ==
cat /proc/self/mountinfo; echo ==
dmesg 2>/dev/null | grep -E 'blocked for more than [0-9]+ seconds|server .* not responding' | tail -n 20; true`;

const Thread = z.object({
  pid: z.int(),
  name: z.string(),
  /** Threads of this process that wait so. */
  threads: z.int(),
  /** The kernel's function they wait in; empty where the kernel does not tell us. */
  channel: z.string(),
  waitsFor: WaitsFor,
  /** A thread of the kernel's own: some wait so for ever and mean nothing. */
  isKernel: z.boolean(),
});

const Output = z.object({
  /** Threads in state D at the first look; most of them on a well machine are in a moment's read of a disk. */
  seen: z.int(),
  /** Those that had not run at all `seconds` later, by process. */
  stuck: z.array(Thread).max(MOST),
  seconds: z.number(),
  /** Network file systems that are mounted: what a wait for the network can be about. */
  network: z
    .array(
      z.object({ path: z.string(), type: z.string(), device: z.string(), server: z.string().nullable() }),
    )
    .max(50),
  /** Lines of the kernel's about tasks that were blocked for long, and servers that do not respond, newest last. */
  kernelSays: z.array(z.string()).max(20),
  notSeen,
});
export type Stuck = z.output<typeof Output>;

/**
 * Processes that wait in the kernel where no signal ends them (state D), and what for, by their wait channel (proc(5) wchan).
 * Waits of two seconds without having run once: a busy disk answers in between. kernel.org admin-guide/sysctl hung_task.
 */
export const stuck = read({
  name: "host.stuck",
  title: "Processes that wait in the kernel",
  input: z.object({}),
  output: Output,
  timeoutSeconds: 15,
  run: async (client, _input, context) => {
    const said = partsOf(await script(client, STUCK, [], context, { cut: true }));
    const [first = "", second = "", mounts = "", kernel = ""] = said;
    return judgeStuck(first, second, mounts, kernel);
  },
});

interface Look {
  readonly pid: number;
  readonly name: string;
  readonly parent: number;
  readonly state: string;
  readonly channel: string;
  /** How often it ran and stopped: unchanged, it has not run. */
  readonly switches: string;
}

/** Pure. Exported for its test. */
export function judgeStuck(first: string, second: string, mounts: string, kernel: string): Stuck {
  const before = parseLook(first);
  const after = parseLook(second);
  const waiting = [...before].flatMap(([thread, one]) => {
    const later = after.get(thread);
    const isStill = later?.state === "D" && later.switches === one.switches && one.state === "D";
    return isStill ? [later] : [];
  });
  const groups = new Map<string, z.output<typeof Thread>>();
  for (const { pid, name, parent, channel } of waiting) {
    const key = `${pid}/${channel}`;
    const known = groups.get(key);
    const isKernel = pid === 2 || parent === 2;
    const one = { pid, name, threads: 0, channel, waitsFor: waitsFor(channel), isKernel };
    groups.set(key, { ...(known ?? one), threads: (known?.threads ?? 0) + 1 });
  }
  const hidden = waiting.filter(({ channel }) => channel === "").length;
  return {
    seen: Math.min(before.size, MOST),
    stuck: [...groups.values()].sort((a, b) => b.threads - a.threads).slice(0, MOST),
    seconds: SECONDS,
    network: parseMounts(mounts)
      .filter(({ type }) => familyOf(type) === "network")
      .slice(0, 50)
      .map(({ path, type, device }) => ({
        ...{ path: clip(path, 300), type, device: clip(device, 200) },
        server: serverOf({ device, type }) ?? null,
      })),
    kernelSays: linesOf(kernel).map((line) => clip(line, 300)),
    ...(hidden === 0
      ? {}
      : {
          notSeen: [
            {
              what: `what ${hidden} of ${waiting.length} waiting threads wait for`,
              why: "the kernel shows the wait channel of other users' processes to root only",
              fix: "as root: `cat /proc/PID/stack`",
            },
          ],
        }),
  };
}

/** Lines of `grep -H` over status and wchan: `/proc/12/status:Name:\tnode`, `/proc/12/wchan:io_schedule`. */
function parseLook(text: string): Map<string, Look> {
  const threads = new Map<string, Map<string, string>>();
  for (const line of linesOf(text)) {
    const [, thread = "", file, rest = ""] = /^\/proc\/(\d+)\/(status|wchan):(.*)$/.exec(line) ?? [];
    if (thread === "") continue;
    const values = threads.get(thread) ?? new Map<string, string>();
    threads.set(thread, values);
    const at = rest.indexOf(":");
    if (file === "wchan") values.set("wchan", rest);
    else if (at > 0) values.set(rest.slice(0, at), rest.slice(at + 1).trim());
  }
  return new Map(
    [...threads].map(([thread, values]) => {
      const of = (name: string) => values.get(name) ?? "";
      const channel = of("wchan") === "0" ? "" : clip(of("wchan"), 60);
      return [
        thread,
        {
          ...{ pid: Number(of("Tgid")) || Number(thread), name: clip(of("Name"), 60) },
          ...{ parent: Number(of("PPid")), state: of("State").slice(0, 1), channel },
          switches: `${of("voluntary_ctxt_switches")}/${of("nonvoluntary_ctxt_switches")}`,
        },
      ];
    }),
  );
}
