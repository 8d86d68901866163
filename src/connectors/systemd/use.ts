import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { linesOf, script } from "../machine/script.ts";
import type { SystemdClient } from "./client.ts";
import { UnitName } from "./names.ts";

const { read } = actionsOn<SystemdClient>("systemd");

// Arguments: control group and pid, in turn; 0: its open files are not asked for. One line each, `-` where nothing says.
// Memory without the page cache: the kernel gives that back (cgroup v2: anon; v1: rss).
const USE = `while [ $# -ge 2 ]; do
  group=$1; pid=$2; shift 2; folder=; memory=-; most=-; killed=-; files=-; soft=-
  for one in "/sys/fs/cgroup$group" "/sys/fs/cgroup/memory$group"; do [ -r "$one/memory.stat" ] && { folder=$one; break; }; done
  if [ -n "$folder" ]; then
    memory=$(awk '$1 == "anon" || $1 == "total_rss" { print $2; exit }' "$folder/memory.stat" 2>/dev/null)
    most=$(cat "$folder/memory.max" 2>/dev/null || cat "$folder/memory.limit_in_bytes" 2>/dev/null)
    killed=$(awk '$1 == "oom_kill" { print $2 }' "$folder/memory.events" "$folder/memory.oom_control" 2>/dev/null | head -n 1)
  fi
  if [ "$pid" -gt 0 ]; then
    files=$(ls "/proc/$pid/fd" 2>/dev/null | wc -l)
    soft=$(awk '/^Max open files/ { print $4 }' "/proc/$pid/limits" 2>/dev/null)
  fi
  echo "\${memory:--} \${most:--} \${killed:--} \${files:--} \${soft:--}"
done`;

const Use = z.object({
  unit: z.string(),
  /** Bytes without the page cache; null: not accounted. */
  memory: z.number().nullable(),
  /** Bytes; null: no limit of its own. */
  memoryMax: z.number().nullable(),
  /** Processes of it killed for memory since its start; null: not counted. */
  killed: z.number().nullable(),
  /** Of its main process; null: not asked, or not permitted. */
  openFiles: z.number().nullable(),
  openFilesMax: z.number().nullable(),
});

/** What running units use of what they may (sergas-accounts.crash-memory-leak): memory without page cache, open files of the main process. */
export const use = read({
  name: "systemd.use",
  title: "What units use of their limits",
  input: z.object({
    units: z
      .array(
        z.object({
          name: UnitName,
          controlGroup: z.string().max(500),
          /** 0: open files are not asked for. */
          mainPid: z.int().min(0),
        }),
      )
      .max(60),
  }),
  output: z.object({ units: z.array(Use), notSeen }),
  run: async (client, { units }, context) => {
    if (units.length === 0) return { units: [] };
    const args = units.flatMap(({ controlGroup, mainPid }) => [controlGroup, String(mainPid)]);
    const lines = linesOf(await script(client, USE, args, context));
    const found = units.map(({ name, mainPid }, index) => useOf(name, mainPid, lines[index] ?? ""));
    const hidden = units.filter(({ mainPid }, index) => mainPid > 0 && found[index]?.openFiles === null);
    const unseen: NotSeen[] = hidden.map(({ name }) => ({
      what: `the open files of ${name}`,
      why: "its process belongs to another user",
      fix: "only root, or the user it runs as, may count them",
    }));
    return { units: found, ...(unseen.length === 0 ? {} : { notSeen: unseen }) };
  },
});

/** One line of the answer. Exported for its test. */
export function useOf(unit: string, mainPid: number, line: string): z.output<typeof Use> {
  const [memory, most, killed, files, soft] = line
    .split(" ")
    .map((word) => (/^\d+$/.test(word) ? Number(word) : null));
  // Without a limit v1 says a number of 2^63 rounded to pages.
  const isLimited = most !== null && most !== undefined && most < 2 ** 60;
  // A running process has files open: none means that it may not be looked into.
  const counted = mainPid > 0 && (files ?? 0) > 0 ? (files ?? null) : null;
  return {
    unit,
    memory: memory ?? null,
    memoryMax: isLimited ? most : null,
    killed: killed ?? null,
    openFiles: counted,
    openFilesMax: counted === null ? null : (soft ?? null),
  };
}
