import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { redactor } from "../../lib/redact.ts";
import { partsOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { numberAfter } from "./meminfo.ts";
import { parseStat } from "./proc-stat.ts";

const redact = redactor([]);

export const ProcessFacts = z.object({
  pid: z.int(),
  /** Clock ticks after boot: with the pid it names a process for good. */
  startTicks: z.number(),
  name: z.string(),
  /** Arguments, clipped and redacted. */
  command: z.string(),
  uid: z.int(),
  /** Resident bytes; `anonymous` without files and shared memory, `swap` what of it is paged out. */
  resident: z.number(),
  anonymous: z.number(),
  swap: z.number(),
  /** systemd unit or container it belongs to; empty where unknown. */
  unit: z.string(),
  /** The supervisor that started it and would start it again (`supervisord`, `PM2`, `runsv`, …); empty: none that is known. */
  supervisor: z.string().default(""),
  /** Why diagbot will not end it; null: it may, once approved. */
  protected: z.string().nullable(),
});
export type ProcessFacts = z.output<typeof ProcessFacts>;

// First the line of our own ancestors, then a block per process; one that has ended gives an empty block.
const FACTS = `p=$$; while [ "$p" -gt 1 ] 2>/dev/null; do echo "$p"; p=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$p/status" 2>/dev/null); done
for p in "$@"; do echo ==
cat "/proc/$p/stat" 2>/dev/null || continue
echo "cmd $(tr '\\0\\n' '  ' < "/proc/$p/cmdline" 2>/dev/null | head -c 1000)"
up=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$p/status" 2>/dev/null); [ "\${up:-0}" -gt 1 ] && echo "by $up $(cat "/proc/$up/comm" 2>/dev/null) $(tr '\\0\\n' '  ' < "/proc/$up/cmdline" 2>/dev/null | head -c 300)"
grep -E '^(Uid|RssAnon|VmRSS|VmSwap):' "/proc/$p/status" 2>/dev/null | tr '\\t' ' '
sed 's/^/cgroup /' "/proc/$p/cgroup" 2>/dev/null | head -n 20
done; true`;

/** Facts of up to 40 processes; those that ended meanwhile are left out. */
export async function factsOf(
  client: HostClient,
  pids: readonly number[],
  context: ActionContext,
): Promise<ProcessFacts[]> {
  const said = await script(client, FACTS, pids.slice(0, 40).map(String), context, { cut: true });
  const [ancestors = "", ...blocks] = partsOf(said);
  const own = new Set(ancestors.split("\n").map(Number));
  return blocks.flatMap((block) => {
    const facts = parseFacts(block, own);
    return facts === undefined ? [] : [facts];
  });
}

function parseFacts(block: string, own: ReadonlySet<number>): ProcessFacts | undefined {
  const stat = parseStat(block.split("\n", 1)[0] ?? "");
  // A zombie has ended; only its parent has not taken note yet.
  if (stat === undefined || ["Z", "X"].includes(stat.state)) return undefined;
  const command = /^cmd (.*)$/m.exec(block)?.[1]?.trim() ?? "";
  const bytes = (name: string) => (numberAfter(block, `${name}:`) ?? 0) * 1024;
  const unit = unitOf(block);
  return {
    pid: stat.pid,
    startTicks: stat.startTicks,
    name: stat.name,
    command: clip(redact(hideSecrets(command)), 200),
    uid: numberAfter(block, "Uid:") ?? -1,
    resident: bytes("VmRSS"),
    anonymous: bytes("RssAnon"),
    swap: bytes("VmSwap"),
    unit,
    supervisor: supervisorIn(block),
    protected: whyProtected(stat, command, own),
  };
}

const SUPERVISORS =
  /^(supervisord|PM2|pm2|runsv|s6-supervise|supervise|circusd|monit|foreman|honcho|overmind|hivemind|nodemon|forever|perpd|dinit|eye|god|bluepill|procmgr)\b/;

/** `supervisord (pid 12)`, by the name or the program of its parent: what that started it starts again. */
function supervisorIn(block: string): string {
  const [, pid = "", rest = ""] = /^by (\d+) (.*)$/m.exec(block) ?? [];
  const words = [rest, ...rest.split(" ").slice(0, 4)].map((word) => word.slice(word.lastIndexOf("/") + 1));
  const name = words.map((word) => SUPERVISORS.exec(word)?.[1]).find((one) => one !== undefined);
  return name === undefined ? "" : `${name} (pid ${pid})`;
}

/** `--password hunter2`: the value is the next word, which patterns of one word do not see. Linear in time. */
export const hideSecrets = (command: string): string => {
  const words = command.slice(0, MAX_COMMAND).split(" ");
  return words
    .map((word, at) => {
      const [name = "", value] = word.split("=", 2);
      if (value !== undefined && SECRET_OPTION.test(name)) return `${name}=[redacted]`;
      const before = words[at - 1] ?? "";
      return word !== "" && !before.includes("=") && SECRET_OPTION.test(before) ? "[redacted]" : word;
    })
    .join(" ");
};
/** Characters of a command line that are read. */
const MAX_COMMAND = 8_192;
const SECRET_OPTION = /^-.*(?:password|passwd|secret|token|key|auth)/i;

/** `nginx.service`, `container 4f1d0c2a9b3e`: the last part of the control group that names one. */
function unitOf(block: string): string {
  const paths = [...block.matchAll(/^cgroup \d+:[^:]*:(.*)$/gm)].map((match) => match[1] ?? "");
  for (const path of paths) {
    const container = /(?:^|[/-])([0-9a-f]{64})(?:\.scope)?(?:\/|$)/.exec(path)?.[1];
    if (container !== undefined) return `container ${container.slice(0, 12)}`;
  }
  for (const path of paths) {
    const unit = path.split("/").findLast((part) => part.endsWith(".service"));
    if (unit !== undefined) return unit;
  }
  return "";
}

/** What a machine, its data or diagbot's own access depend on. Compared with the kernel's name of at most 15 characters. */
const KEEP =
  /^(systemd.*|init|launchd|sshd.*|dbus-(daemon|broker.*)|dockerd|containerd.*|conmon|crio|kubelet|kube-.*|runc|etcd|postgres|postmaster|pgbouncer|mysqld|mariadbd|mongod|mongos|redis-server|valkey-server|agetty|login|sudo|su|cron|crond|rsyslogd|auditd|udevd|chronyd|ntpd|NetworkManager|polkitd|multipathd|iscsid|dhclient|qemu-.*|libvirtd|firecracker|cloud-hyperviso|VBoxHeadless|vmware-vmx|lxcfs|k3s.*|k0s|consul|vault|nomad|beam\.smp|clickhouse.*|influxd|cockroach|sqlservr|oracle.*|ceph-.*|glusterfsd|minio|keydb-server|dragonfly|scylla|nfsd|tailscaled|wg-.*|openvpn)$/;
const OWN = /(?:^|[ /])(?:diagbot(?:\.m?js)?|main\.[jt]s)(?= )/;

/** `node …/diagbot.mjs --x serve`: the program, and `serve` somewhere behind it. */
function isOwn(command: string): boolean {
  const at = OWN.exec(command);
  return at !== null && / serve(?: |$)/.test(command.slice(at.index + at[0].length));
}

/** Why it must not be ended; null: it may. Kernel threads have no command line. */
export function whyProtected(
  process: { pid: number; parent: number; name: string },
  command: string,
  own: ReadonlySet<number>,
): string | null {
  if (process.pid <= 2 || process.parent === 2 || command === "") return "it belongs to the system";
  if (own.has(process.pid) || isOwn(command)) return "it is diagbot itself, or what it runs under";
  const name = process.name.replace(/:.*$/, "");
  return KEEP.test(name) ? `${name} is on the list of processes never to be ended` : null;
}
