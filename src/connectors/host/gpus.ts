import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import {
  FAILURES,
  FIELDS,
  failureIn,
  Gpu,
  gpusIn,
  MORE_FIELDS,
  ROW_FIELDS,
  Xid,
  xidsIn,
} from "./gpu-parsing.ts";

const MOST_APPS = 100;

// Arguments: the program, hours, fields, more fields, fields of remapped rows (which only newer cards have). What the bus and the kernel's module say; the queries; the kernel's log.
const GPUS = `export LC_ALL=C; PATH=$PATH:/usr/local/cuda/bin; smi=$1; n=0
for vendor in /sys/bus/pci/devices/*/vendor; do [ "$(cat "$vendor" 2>/dev/null)" = 0x10de ] && case "$(cat "\${vendor%vendor}class" 2>/dev/null)" in 0x03*) n=$((n+1));; esac; done
echo "$n"; head -n 1 /proc/driver/nvidia/version 2>/dev/null; printf '\\n==\\n'
command -v "$smi" >/dev/null 2>&1 || echo none; printf '\\n==\\n'
said=$("$smi" "--query-gpu=$3" --format=csv,noheader,nounits 2>&1); echo "$?"; printf '%s\\n' "$said" | head -c 60000; printf '\\n==\\n'
said=$("$smi" "--query-gpu=$4" --format=csv,noheader,nounits 2>&1); echo "$?"; printf '%s\\n' "$said" | head -c 60000; printf '\\n==\\n'
"$smi" "--query-remapped-rows=$5" --format=csv,noheader,nounits 2>/dev/null | head -c 20000; printf '\\n==\\n'
apps=$("$smi" --query-compute-apps=gpu_uuid,pid,used_memory,process_name --format=csv,noheader,nounits 2>/dev/null | head -n 100)
printf '%s\\n' "$apps"; printf '\\n==\\n'
printf '%s\\n' "$apps" | cut -d, -f2 | tr -d ' ' | sort -u | while read -r pid; do [ -d "/proc/$pid" ] && echo "$pid $(stat -c %U "/proc/$pid") $(tail -n 1 "/proc/$pid/cgroup" 2>/dev/null | cut -d: -f3 | head -c 300)"; done; printf '==\\n'
date +%s; cut -d' ' -f1 /proc/uptime; printf '==\\n'
journalctl -k -q -n 1 --no-pager 2>/dev/null | head -c 1; journalctl -k --since="-$2h" -o short-unix --no-pager -q 2>/dev/null | grep -E 'NVRM: .*(Xid|fallen off)' | tail -n 300; printf '\\n==\\n'
ring=$(dmesg 2>/dev/null) && { echo read; printf '%s\\n' "$ring" | grep -E 'NVRM: .*(Xid|fallen off)' | tail -n 300; }; true`;

const App = z.object({
  gpu: z.string(),
  pid: z.int(),
  name: z.string(),
  /** MiB; null: not said, as within MIG or for other users. */
  memory: z.number().nullable(),
  /** Whose it is; empty: it is in another PID namespace, or has ended. */
  user: z.string(),
  group: z.string(),
});

/**
 * NVIDIA GPUs of the machine: nvidia-smi's queries, whose processes hold their memory, and Xid errors of the kernel's log. Bounded:
 * six queries, 100 processes, the last hours. AMD and Intel are not looked at. tektra.gpu-failure, tektra.resource-snapshot.
 */
export const gpus = actionsOn<HostClient>("host").read({
  name: "host.gpus",
  title: "GPUs, who uses them, and what the kernel says of them",
  timeoutSeconds: 25,
  input: z.object({ hours: z.int().min(1).max(168).default(24) }),
  output: z.object({
    /** NVIDIA devices that the bus shows; the module of the kernel that is loaded, by its version. */
    onBus: z.int(),
    module: z.string(),
    /** Null: nvidia-smi answered. `absent`: there is no such program. */
    failure: z.enum([...FAILURES, "absent"]).nullable(),
    said: z.string(),
    gpus: z.array(Gpu).max(64),
    apps: z.array(App).max(MOST_APPS),
    xids: z.array(Xid),
    notSeen,
  }),
  run: async (client, { hours }, context) => {
    const args = [client.nvidiaSmi, String(hours), FIELDS, MORE_FIELDS, ROW_FIELDS];
    const parts = partsOf(await script(client, GPUS, args, context, { maxBytes: 500_000 }));
    const [bus = "", there = "", basic = "", more = "", rows = "", apps = "", owners = "", ...log] = parts;
    const [devices = "0", module = ""] = bus.split("\n");
    const told = queriesIn(basic, more, rows, there.trim() === "none");
    const kernel = kernelIn(log, hours);
    return {
      onBus: Number(devices) || 0,
      module: clip(/Kernel Module(?: for \S+)?\s+([\d.]{3,20})/.exec(module)?.[1] ?? "", 40),
      ...{
        failure: told.failure,
        said: told.said,
        gpus: told.gpus,
        apps: appsIn(apps, owners),
        xids: kernel.xids,
      },
      notSeen: [
        ...told.missing,
        ...hiddenApps(told.gpus, appsIn(apps, owners).length),
        ...(Number(devices) > 0 ? kernel.missing : []),
      ],
    };
  },
});

/** What both queries answered; it says what is wrong beside GPUs that answer, too. */
function queriesIn(basic: string, more: string, rows: string, isAbsent: boolean) {
  const [code = "", ...answer] = basic.trim().split("\n");
  const [moreCode = "", ...details] = more.trim().split("\n");
  const gpus = gpusIn(answer.join("\n"), moreCode === "0" ? details.join("\n") : "", rows).slice(0, 64);
  const none: NotSeen[] = [];
  if (isAbsent) return { gpus, failure: "absent" as const, said: "", missing: none };
  if (gpus.length === 0)
    return { gpus, failure: failureIn(answer.join("\n")), said: clip(answer.join(" "), 400), missing: none };
  const lost = answer.find((line) => failureIn(line) === "lost");
  const failure = lost !== undefined ? ("lost" as const) : code === "0" ? null : failureIn(answer.join("\n"));
  const what = "ECC errors, throttling and MIG of the GPUs";
  const why = clip(details[0] ?? "nvidia-smi refused the question", 300);
  return { gpus, failure, said: clip(lost ?? "", 400), missing: moreCode === "0" ? none : [{ what, why }] };
}

/** A GPU that works has a process: where none is listed at all, they are not shown, and nobody's memory is not nobody's. */
function hiddenApps(gpus: readonly z.output<typeof Gpu>[], listed: number): NotSeen[] {
  if (listed > 0 || !gpus.some(({ utilization }) => (utilization ?? 0) > 0)) return [];
  return [
    {
      what: "whose the memory of the GPUs is",
      why: "nvidia-smi lists no process though a GPU is busy: within a container it sees none of the others",
      fix: "ask the machine itself (`ssh:` of the connection), not from within a container",
    },
  ];
}

/** The journal where it may be read, else the kernel's ring, whose times begin with the machine. */
function kernelIn([clock = "", journal = "", ring = ""]: readonly string[], hours: number) {
  const [now = 0, uptime = 0] = clock.split("\n").map(Number);
  const isJournal = journal.trim() !== "";
  const xids = xidsIn(isJournal ? journal : ring, isJournal ? 0 : now - uptime, now - hours * 3600);
  const missing: NotSeen = {
    what: "Xid errors in the kernel's log",
    why: "neither journalctl -k nor dmesg may be read",
    fix: "add diagbot's user to the group systemd-journal (or adm)",
  };
  return { xids, missing: isJournal || ring.startsWith("read") ? [] : [missing] };
}

function appsIn(text: string, owners: string): z.output<typeof App>[] {
  const byPid = new Map(
    linesOf(owners).map((line) => [Number(line.split(" ", 1)[0]), line.split(" ").slice(1)]),
  );
  return linesOf(text)
    .flatMap((line) => {
      const [gpu = "", pid = "", memory = "", ...name] = line.split(", ");
      if (!/^\d+$/.test(pid.trim())) return [];
      const [user = "", group = ""] = byPid.get(Number(pid)) ?? [];
      return [
        {
          ...{ gpu: clip(gpu, 80), pid: Number(pid), name: clip(name.join(", "), 120) },
          memory: /^\d+$/.test(memory.trim()) ? Number(memory) : null,
          ...{ user: clip(user, 40), group: clip(group, 200) },
        },
      ];
    })
    .slice(0, MOST_APPS);
}
