import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { linesOf, partsOf } from "../machine/script.ts";
import { ask } from "./ask.ts";
import type { NginxClient } from "./client.ts";
import { configNow } from "./config.ts";

// Arguments: the file of the master's number, then files whose time is wanted: of a link the later of its own and of what it leads to.
// Ticks of the clock since the machine started. Where the file names no process, masters are looked for, those of containers left out.
const PROCESSES = `pidfile=$1; shift
date +%s; getconf CLK_TCK 2>/dev/null || echo 100; cut -d' ' -f1 /proc/uptime; printf '==\\n'
one() { ticks=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20) || return; [ -n "$ticks" ] || return
  limit=$(sed -n 's/^Max open files *\\([0-9]*\\) .*/\\1/p' "/proc/$1/limits" 2>/dev/null)
  used=$(ls "/proc/$1/fd" 2>/dev/null | wc -l)
  echo "$1 $ticks \${limit:--} \${used:-0} $(tr '\\000' ' ' <"/proc/$1/cmdline" 2>/dev/null | head -c 300)"; }
pid=$(head -c 20 -- "$pidfile" 2>/dev/null | tr -cd 0-9); how=named
if [ -z "$pid" ] || ! grep -qa ': master process' "/proc/$pid/cmdline" 2>/dev/null; then
  found=$(for file in $(grep -la ': master process' /proc/[0-9]*/cmdline 2>/dev/null); do
    line=$(tr '\\000' ' ' <"$file" 2>/dev/null)
    if [ -n "$conf" ]; then case "$line" in *" -c $conf "*) ;; *) continue;; esac; else case "$line" in *" -c "*) continue;; esac; fi
    own=\${file%/cmdline}; grep -qE 'docker|containerd|kubepods|libpod|lxc' "$own/cgroup" 2>/dev/null || echo "\${own#/proc/}"; done | head -n 1)
  if [ -n "$found" ]; then pid=$found; how=found
  elif [ "$(id -u)" != 0 ] && grep -qE '^[^ ]+ /proc proc [^ ]*hidepid=[^0o]' /proc/mounts; then how=hidden; fi; fi
echo "$how"
if [ -n "$pid" ] && [ -d "/proc/$pid" ]; then one "$pid"
  for child in $(cat /proc/[0-9]*/stat 2>/dev/null | awk -v master="$pid" '{ own = $1; sub(/.*[)] /, ""); if ($2 == master) print own }'); do one "$child"; done; fi
printf '==\\n'
for file; do time=$(stat -c %Y -- "$file" 2>/dev/null) && led=$(stat -L -c %Y -- "$file" 2>/dev/null || echo 0) && { [ "$led" -gt "$time" ] && time=$led; echo "$time $file"; }; done
true`;

const Process = z.object({
  pid: z.int(),
  /** Clock ticks after the start of the machine, which tell it from another of its number. */
  ticks: z.number(),
  ageSeconds: z.number(),
  /** Open files: the limit, and how many; null: not to be seen. */
  filesLimit: z.number().nullable(),
  files: z.number().nullable(),
});

export const Processes = z.object({
  /** Null: it does not run, by its own file. */
  master: Process.nullable(),
  workers: z.array(Process).max(300),
  /** Of before the last reload: they finish what they have. */
  leaving: z.int(),
  /** Ticks of the oldest worker that stays: another number is another generation. Null: there is none. */
  generation: z.number().nullable(),
  /** Files of the configuration and certificates that were written after the oldest worker was begun, at most 50. */
  newer: z.array(z.object({ path: z.string(), secondsAgo: z.number() })),
  /** Whether its test passes, as nginx.config says. */
  valid: z.boolean().nullable().optional(),
  /** Where the master was not found by it: the file that should name it. */
  wrongPidFile: z.string().optional(),
  /** Processes of others are hidden here: nothing is known of whether it runs. */
  hidden: z.boolean().optional(),
  notSeen,
});
export type Processes = z.output<typeof Processes>;

/**
 * Master and workers, and which files are newer than they are: a reload begins all workers anew, so what was written since has not
 * been read. A worker that crashed and was begun again is younger than what it has read; while one of the others is left, that is seen.
 */
export const processes = actionsOn<NginxClient>("nginx").read({
  name: "nginx.processes",
  title: "Master, workers, and what was written since they began",
  timeoutSeconds: 20,
  input: z.object({}),
  output: Processes,
  run: (client, _input, context) => processesNow(client, context),
});

export async function processesNow(client: NginxClient, context: ActionContext): Promise<Processes> {
  const { facts, files, valid } = await configNow(client, context);
  const pidFile = facts.pid ?? "/run/nginx.pid";
  const watched = [...new Set([...files, ...facts.certificates.map(({ path }) => path)])].slice(0, 300);
  const said = await ask(client, PROCESSES, [pidFile, ...watched], context);
  const [clock = "", table = "", times = ""] = partsOf(said);
  const [now = 0, hertz = 100, uptime = 0] = clock.split("\n").map(Number);
  const [how = "", ...lines] = linesOf(table);
  const all = lines.flatMap((line) => {
    const [pid, ticks, limit, used, ...words] = line.split(" ");
    const command = words.join(" ");
    if (pid === undefined || ticks === undefined || !/: (?:master|worker) process/.test(command)) return [];
    return [
      {
        command,
        process: {
          ...{
            pid: Number(pid),
            ticks: Number(ticks),
            ageSeconds: Math.max(0, uptime - Number(ticks) / hertz),
          },
          filesLimit: limit === "-" ? null : Number(limit),
          files: used === "0" ? null : Number(used),
        },
      },
    ];
  });
  const master = all.find(({ command }) => command.includes("master process"))?.process ?? null;
  const workers = all.filter(({ command }) => command.includes("worker process"));
  const staying = workers
    .filter(({ command }) => !command.includes("shutting down"))
    .map((one) => one.process);
  const oldest = staying.reduce<(typeof staying)[number] | undefined>(
    (a, b) => (a === undefined || b.ticks < a.ticks ? b : a),
    undefined,
  );
  const begun = oldest === undefined ? undefined : now - oldest.ageSeconds;
  const missing: NotSeen[] =
    files.length === 0
      ? [{ what: "files of the configuration", why: "nginx lists them only while its test passes" }]
      : [];
  if (how === "hidden")
    missing.push({
      what: "whether nginx runs",
      why: "/proc is mounted with hidepid: processes of others are not to be seen",
      fix: "connect as a user of the group that `gid=` of that mount names, or as root",
    });
  return {
    master,
    workers: staying.slice(0, 300),
    leaving: workers.length - staying.length,
    generation: oldest?.ticks ?? null,
    newer: linesOf(times)
      .flatMap((line) => {
        const [, time = "", path = ""] = /^(\d{1,12}) (.*)$/.exec(line) ?? [];
        // Times of files are whole seconds here.
        return begun !== undefined && Number(time) > begun + 1
          ? [{ path, secondsAgo: Math.max(0, now - Number(time)) }]
          : [];
      })
      .slice(0, 50),
    valid,
    ...(how === "found" && master !== null ? { wrongPidFile: pidFile } : {}),
    ...(how === "hidden" ? { hidden: true } : {}),
    notSeen: missing,
  };
}
