import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import {
  groupsOf,
  Inotify,
  inotifyOf,
  Kinds,
  kindsOf,
  processesOf,
  TaskGroup,
  UserTasks,
  usersOf,
} from "./handles-parsing.ts";

const { read } = actionsOn<HostClient>("host");

// Linux 6.2 gives the number of descriptors as the size of the folder; older ones give 0, and it is counted by name.
const HANDLES = `export LC_ALL=C; k=/proc/sys
cat $k/fs/file-nr; cat $k/kernel/threads-max $k/kernel/pid_max; cut -d' ' -f4 /proc/loadavg; id -u; echo ==
limits=$(grep -HE '^(Max open files|Max processes)' /proc/[0-9]*/limits 2>/dev/null); printf '%s\\n==\\n' "$limits"
grep -HE '^(Name|Uid|Threads):' /proc/[0-9]*/status 2>/dev/null; echo ==
sizes=$(stat -c '%n %s' /proc/[0-9]*/fd 2>/dev/null)
case $sizes in *" "[1-9]*) ;; *) sizes=$(for p in /proc/[0-9]*; do [ -r "$p/fd" ] || continue; set -- "$p"/fd/*; echo "$p/fd $#"; done) ;; esac
printf '%s\\n' "$sizes"; echo ==
most=$(printf '%s\\n' "$sizes" | sort -k2 -rn | head -n 3 | cut -d/ -f3)
nearest=$(printf '%s\\n' "$limits" "$sizes" | awk '$2 == "open" { split($1, a, "/"); l[a[3]] = $4; next } NF == 2 { split($1, a, "/"); if (l[a[3]] > 0) printf "%.6f %s\\n", $2 / l[a[3]], a[3] }' | sort -rn | head -n 5 | cut -d' ' -f2)
for p in $(printf '%s\\n' $most $nearest | sort -u); do echo "at $p"
ls -l "/proc/$p/fd" 2>/dev/null | head -n 20000 | awk '/ -> / { to = substr($0, index($0, " -> ") + 4)
  k = to ~ /^socket:/ ? "sockets" : to ~ /^pipe:/ ? "pipes" : to ~ /^anon_inode:/ ? "kernel" : to ~ /^\\/memfd:/ ? "kernel" : to ~ / \\(deleted\\)$/ ? "deleted" : "files"; n[k]++
  if (k == "files") { sub(/\\/[^\\/]*$/, "", to); d[to]++ } }
END { for (k in n) print "kind", n[k], k; for (f in d) if (d[f] > m) { m = d[f]; b = f } if (m > 1) print "folder", m, b }'; done; echo ==
cat $k/fs/inotify/max_user_instances $k/fs/inotify/max_user_watches 2>/dev/null; echo ==
find /proc/[0-9]*/fd -lname 'anon_inode:inotify' 2>/dev/null | sed 's#/fd/#/fdinfo/#' | head -n 2000 | xargs grep -Hc '^inotify' /dev/null 2>/dev/null; echo ==
find /sys/fs/cgroup \\( -name pids.max -o -name pids.current \\) 2>/dev/null | head -n 6000 | tr '\\n' '\\0' | xargs -0 grep -H '' /dev/null 2>/dev/null; true`;

const Holder = z.object({
  pid: z.int(),
  name: z.string(),
  uid: z.int(),
  open: z.int(),
  /** Its own soft limit; null: none. */
  limit: z.int().nullable(),
  ratio: z.number(),
  /** Of those with the most; null: not looked at, or not allowed. */
  kinds: Kinds.nullable(),
});

const Output = z.object({
  /** Of the whole machine; `max` null: no limit that could be reached. */
  files: z.object({ open: z.int(), max: z.int().nullable() }),
  /** Nearest to their own limit first, then those with the most. */
  processes: z.array(Holder).max(12),
  inotify: Inotify.nullable(),
  threads: z.object({ count: z.int(), max: z.int(), pidMax: z.int() }),
  /** Control groups with a limit of tasks, fullest first. */
  groups: z.array(TaskGroup).max(8),
  /** Users but root with a limit of processes (nproc), fullest first. */
  users: z.array(UserTasks).max(5),
  notSeen,
});
export type Handles = z.output<typeof Output>;

/**
 * Open files, inotify, processes and threads against the limits they have: of the machine, of each process, user and control
 * group. proc(5), inotify(7), getrlimit(2), kernel.org cgroup-v2 "PID".
 */
export const handles = read({
  name: "host.handles",
  title: "Open files, watches, processes and threads against their limits",
  input: z.object({}),
  output: Output,
  timeoutSeconds: 20,
  run: async (client, _input, context) =>
    judgeHandles(await script(client, HANDLES, [], context, { maxBytes: 8_000_000, cut: true })),
});

/** Above this it is "no limit" in other words. */
const ENDLESS = 2 ** 40;

/** Pure. Exported for its test. */
export function judgeHandles(said: string): Handles {
  const [
    machine = "",
    limits = "",
    status = "",
    sizes = "",
    kinds = "",
    inotifyMax = "",
    watches = "",
    groups = "",
  ] = partsOf(said);
  const [fileNr = "", threadsMax, pidMax, tasks = "", uid = ""] = linesOf(machine);
  const [open = 0, , max = 0] = fileNr.trim().split(/\s+/).map(Number);
  const processes = processesOf(limits, status);
  const opened = new Map(
    linesOf(sizes).map((line) => {
      const [path = "", n = "0"] = line.split(" ");
      return [Number(path.split("/")[2]), Number(n)];
    }),
  );
  const byPid = kindsOf(kinds);
  const holders = [...processes].flatMap(([pid, { name, uid: owner, files: limit }]) => {
    const n = opened.get(pid);
    if (n === undefined) return [];
    const ratio = limit === null || limit === 0 ? 0 : n / limit;
    return [{ pid, name: clip(name, 60), uid: owner, open: n, limit, ratio, kinds: byPid.get(pid) ?? null }];
  });
  // Root is shown all of them; what it lacks has ended meanwhile.
  const unknown = uid.trim() === "0" ? 0 : processes.size - holders.length;
  const nearest = [...holders].sort((a, b) => b.ratio - a.ratio).slice(0, 6);
  const most = [...holders].sort((a, b) => b.open - a.open).slice(0, 6);
  return {
    files: { open, max: max >= ENDLESS ? null : max },
    processes: [...new Set([...nearest, ...most])],
    inotify: inotifyOf(inotifyMax, watches, processes),
    threads: {
      count: Number(tasks.split("/")[1]) || 0,
      ...{ max: Number(threadsMax) || 0, pidMax: Number(pidMax) || 0 },
    },
    groups: groupsOf(groups),
    users: usersOf(processes),
    notSeen: [
      ...(unknown > 0
        ? [
            {
              what: `open files of ${unknown} of ${processes.size} processes`,
              why: "the kernel shows them to their owner and to root only",
              fix: "Linux 6.2 or later, or root",
            },
          ]
        : []),
      ...(uid.trim() === "0"
        ? []
        : [{ what: "inotify watches of other users", why: "their descriptors are shown to root only" }]),
    ],
  };
}
