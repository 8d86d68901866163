import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { linesOf, partsOf, script, within } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { Drive, driveIn, type Unread } from "./drives-parsing.ts";
import { IN_CONTAINER } from "./in-container.ts";

const { read } = actionsOn<HostClient>("host");
const MOST = 24;

// Arguments: sudo or nothing, the program. What the kernel has of disks; then one answer a drive. `-n standby`: none is woken for it.
const DRIVES = within(
  25,
  `export LC_ALL=C; PATH=$PATH:/usr/sbin:/sbin; way=; [ "$1" = sudo ] && way="sudo -n"
${IN_CONTAINER}
in_container && echo container; command -v "$2" >/dev/null 2>&1 || echo absent; printf '==\\n'
for d in /sys/block/sd* /sys/block/nvme*n*; do [ -e "$d/size" ] && printf '%s\\t%s %s\\n' "\${d##*/}" "$(cat "$d/device/vendor" 2>/dev/null)" "$(cat "$d/device/model" 2>/dev/null)"; done; printf '==\\n'
list=$(timeout -s KILL 5 $way "$2" --scan </dev/null 2>/dev/null | head -n ${MOST}); printf '%s\\n==\\n' "$list"
printf '%s\\n' "$list" | while read -r dev flag type rest; do
case $dev in /dev/*) ;; *) continue;; esac
case $type in *[!a-zA-Z0-9,+/]*) continue;; *,*|sat*|areca*|cciss*|aacraid*) set -- "$1" "$2" -d "$type";; *) set -- "$1" "$2";; esac
way=$1; [ "$1" = sudo ] && way="sudo -n"; smart=$2; shift 2
said=$(timeout -s KILL 6 $way "$smart" --json -n standby -i -H -A -l error -l selftest "$@" "$dev" </dev/null 2>/dev/null | head -c 200000)
printf '%s\\n%s\\n==\\n' "$dev" "$said"; set -- "$way" "$smart"; [ "$1" = "sudo -n" ] && set -- sudo "$2"; done`,
);

const Output = z.object({
  drives: z.array(Drive).max(MOST),
  /** Drives the machine has by the kernel's word, those of hypervisors and clouds left out. */
  physical: z.int(),
  notSeen,
});
export type Drives = z.output<typeof Output>;

/**
 * What drives say of themselves: smartctl(8), which asks and changes nothing; a drive that sleeps is not woken. Root is needed, or
 * `smart: { sudo: true }`. Drives of virtual machines have no such thing, and miss nothing.
 */
export const drives = read({
  name: "host.drives",
  title: "What the drives say of themselves (SMART)",
  input: z.object({}),
  output: Output,
  timeoutSeconds: 30,
  run: async (client, _input, context) => {
    const args = [client.smart.sudo ? "sudo" : "", client.smart.program];
    return judgeDrives(
      await script(client, DRIVES, args, context, { maxBytes: 4_000_000, cut: true }),
      client.smart.sudo,
    );
  },
});

/** Models behind which no drive of this machine stands. */
const VIRTUAL =
  /QEMU|VMware|VBOX|Virtual|Msft|Microsoft|Amazon Elastic|PersistentDisk|EphemeralDisk|nvme_card|Google|DigitalOcean|Xen|iSCSI|LIO-ORG/i;

/** Pure. Exported for its test. */
export function judgeDrives(said: string, isSudo: boolean): Drives {
  const [place = "", disks = "", , ...answers] = partsOf(said);
  const physical = linesOf(disks).filter((line) => !VIRTUAL.test(line));
  const seen = answers
    .filter((answer) => answer.startsWith("/dev/"))
    .map((answer) => {
      const at = answer.indexOf("\n");
      return driveIn(answer.slice(0, at), answer.slice(at + 1));
    });
  const drives = seen.flatMap((one) => ("unread" in one ? [] : [one]));
  const unread = seen.flatMap((one) => ("unread" in one ? [one] : []));
  return {
    drives: drives.slice(0, MOST),
    physical: physical.length,
    ...noted([
      ...(physical.length > 0 && place.includes("absent") ? [ABSENT] : []),
      ...(physical.length > 0 && !place.includes("absent") && seen.length === 0 ? [nothing(place)] : []),
      ...(["denied", "asleep", "no-smart", "other"] as const).flatMap((why) =>
        unseen(
          why,
          unread.filter((one) => one.unread === why),
          isSudo,
        ),
      ),
    ]),
  };
}

const noted = (all: readonly NotSeen[]) => (all.length === 0 ? {} : { notSeen: [...all] });

const ABSENT: NotSeen = {
  what: "what the drives say of themselves (SMART)",
  why: "smartctl is not installed there",
  fix: "install the package smartmontools (its daemon smartd mails by itself, too)",
};

const nothing = (place: string): NotSeen => ({
  what: "what the drives say of themselves (SMART)",
  why: place.includes("container")
    ? "diagbot looks from inside a container, which has none of the machine's devices"
    : "smartctl lists no drive, though the kernel has some",
  fix: "ask the machine itself (`ssh:` of the connection)",
});

const WHY: Readonly<Record<Unread, { why: string; fix?: string }>> = {
  denied: {
    why: "a drive answers root only",
    fix: "`smart: { sudo: true }` at the connection, and the line for sudoers in docs/connectors/host.md",
  },
  asleep: { why: "it sleeps, and is not woken for a question" },
  "no-smart": {
    why: "it has no SMART, or hides behind a controller or a hypervisor that does not pass it on",
  },
  other: { why: "smartctl had no answer of it" },
};

function unseen(why: Unread, some: readonly { device: string; says: string }[], isSudo: boolean): NotSeen[] {
  const [first] = some;
  if (first === undefined) return [];
  const { why: words, fix } = WHY[why];
  return [
    {
      what: `what ${some
        .map(({ device }) => device)
        .slice(0, 5)
        .join(
          ", ",
        )}${some.length > 5 ? ` and ${some.length - 5} more` : ""} ${some.length === 1 ? "says" : "say"} (SMART)`,
      why: clip(
        why === "other"
          ? `${words}: ${first.says}`
          : why === "denied" && isSudo
            ? `sudo does not let it: ${first.says}`
            : words,
        300,
      ),
      ...(fix === undefined ? {} : { fix }),
    },
  ];
}
