import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { linesOf, partsOf, script, within } from "../machine/script.ts";
import { answering, statfsOf } from "./answering.ts";
import { parseArrays, RaidArray } from "./arrays.ts";
import { BTRFS, btrfsDevices, parseBtrfs } from "./btrfs.ts";
import type { HostClient } from "./client.ts";
import { type Around, describe, FileSystem } from "./file-system.ts";
import { hiddenMounts } from "./hidden-mounts.ts";
import { isWithin, type Mount, mountOf, parseMounts, worthALook, writableByFstab } from "./mounts.ts";
import { notLookedAt } from "./not-looked-at.ts";
import type { Answer } from "./statfs.ts";
import { parseThinPools, ThinPool } from "./thin-pools.ts";
import { Pool, parsePools, ZFS } from "./zfs.ts";

const { read } = actionsOn<HostClient>("host");
const MAX_MOUNTS = 100;

const Budget = z.object({
  path: z.string(),
  bytes: z.number(),
  used: z.number().nullable(),
  usedRatio: z.number().nullable(),
  /** Why it could not be measured. */
  error: z.string().nullable(),
});

const Output = z.object({
  fileSystems: z.array(FileSystem),
  /** ZFS; what its file systems share. */
  pools: z.array(Pool),
  /** Software RAIDs of the kernel. Absent in recordings from before. */
  arrays: z.array(RaidArray).optional(),
  /** Thin pools of the device mapper, where they may be asked. Absent in recordings from before. */
  thinPools: z.array(ThinPool).optional(),
  budgets: z.array(Budget),
  /** Paths that were asked about and did not answer; `by`: the mount point that lies over a hidden one; `of`: whose it is. */
  unreadable: z.array(
    z.object({
      path: z.string(),
      why: z.enum(["absent", "denied", "hangs", "gone", "error", "hidden"]),
      says: z.string(),
      by: z.string().optional(),
      of: z.object({ device: z.string(), type: z.string() }).optional(),
    }),
  ),
  /** The path that was asked about beside the watched ones, where it is a mount point here. */
  alsoIs: z.string().nullable(),
  notSeen,
});
export type Disk = z.output<typeof Output>;

const MOUNTS = `cat /proc/self/mountinfo && echo == && cat /etc/fstab 2>/dev/null; echo ==
grep -lx 1 /sys/dev/block/*/ro 2>/dev/null; echo ==
cat /proc/mdstat 2>/dev/null; echo ==
PATH=$PATH:/usr/sbin:/sbin timeout -s KILL 3 dmsetup status --target thin-pool 2>/dev/null; true`;
const USED = within(
  9,
  `u=$(timeout -s KILL 8 du -skx "$1" 2>/dev/null); printf '%s\\n' "$u"
d=$(timeout -s KILL 3 ls -d "$1/." 2>&1 >/dev/null) || case $d in *"No such file"*|*"Not a directory"*) echo missing ;; esac`,
);

/**
 * Usage of every real file system, bytes, inodes and inner rooms (trap `df-root-only`), and of folders with a budget.
 * Reserved blocks count as used, as df does. sergas-accounts.disk-full, tektra.resource-snapshot.
 */
export const disk = read({
  name: "host.disk",
  title: "Usage of file systems and budgets",
  input: z.object({
    /** One more path to look at, whatever diagbot.yaml watches: what an alert is about. */
    also: z.string().startsWith("/").max(1_000).optional(),
  }),
  output: Output,
  timeoutSeconds: 15,
  run: async (client, { also }, context) => {
    const [table = "", fstab = "", readOnly = "", arrays = "", thin = ""] = partsOf(
      await script(client, MOUNTS, [], context),
    );
    const mounts = parseMounts(table);
    const hidden = hiddenMounts(mounts);
    const visible = mounts.filter((mount) => !hidden.has(mount));
    const auto = worthALook(visible);
    const alsoMount = also === undefined ? undefined : mountPoint(visible, also);
    const watched = client.mounts.length > 0 ? client.mounts : auto.watched.map(({ path }) => path);
    const all = [...new Set([...watched, ...(alsoMount === undefined ? [] : [alsoMount])])];
    const paths = all.slice(0, MAX_MOUNTS);
    const devices = btrfsDevices(visible);
    const hasZfs = visible.some(({ type }) => type === "zfs");
    const [stats, rooms, pools, budgets] = await Promise.all([
      statfsOf(client, paths, visible, context),
      devices.length === 0 ? "" : script(client, BTRFS, devices, context),
      hasZfs ? script(client, ZFS, [], context) : "",
      measureAll(client, context),
    ]);
    const around: Around = {
      visible,
      fstab: writableByFstab(fstab),
      writeProtected: new Set(linesOf(readOnly).map((line) => line.split("/").at(-2) ?? "")),
      named: client.mounts.length > 0,
      rooms: parseBtrfs(rooms),
    };
    const answers = stats.map((answer, index) => ({ answer, path: paths[index] ?? "" }));
    const listed = parsePools(pools);
    return {
      fileSystems: answers.flatMap(({ answer, path }) => {
        const mount = mountOf(visible, path);
        const one =
          answer.ok && mount !== undefined ? describe(path, answer.numbers, mount, around) : undefined;
        return one === undefined || (client.mounts.length > 0 && isCovered(hidden, path)) ? [] : [one];
      }),
      pools: listed ?? [],
      arrays: parseArrays(arrays),
      thinPools: parseThinPools(thin),
      budgets,
      unreadable: answers.flatMap(({ answer, path }) => silent(path, answer, hidden, mountOf(visible, path))),
      alsoIs: alsoMount ?? null,
      notSeen: notLookedAt({
        skipped: client.mounts.length > 0 ? [] : auto.skipped.filter(({ path }) => path !== alsoMount),
        hidden: client.mounts.length > 0 ? new Map() : hidden,
        beyond: all.slice(MAX_MOUNTS),
        hasUnknownPools: hasZfs && listed === undefined,
        hasUnknownRooms: devices.some((device) => !around.rooms.has(device)),
      }),
    };
  },
});

/** Exporters in a container see the machine below a folder of their own. */
const SEEN_BELOW = ["", "/rootfs", "/host", "/hostfs", "/host/root"];

/** The mount point a sender means by this path. */
const mountPoint = (visible: readonly Mount[], path: string): string | undefined =>
  SEEN_BELOW.filter((prefix) => path === prefix || path.startsWith(`${prefix}/`))
    .map((prefix) => path.slice(prefix.length).replace(/(?<=.)\/$/, "") || "/")
    .find((candidate) => visible.some((mount) => mount.path === candidate));

const isCovered = (hidden: ReadonlyMap<Mount, string>, path: string): boolean =>
  [...hidden.keys()].some((mount) => mount.path === path && hidden.get(mount) !== path);

function silent(
  path: string,
  answer: Answer,
  hidden: ReadonlyMap<Mount, string>,
  mount: Mount | undefined,
): Disk["unreadable"] {
  const under = [...hidden].find(([mount, by]) => mount.path === path && by !== path);
  if (under !== undefined) return [{ path, why: "hidden", says: `It lies under ${under[1]}`, by: under[1] }];
  if (answer.ok) return [];
  // The shared memory of a container is the container's; whoever may not see it is not told of each.
  if (answer.why === "denied" && ENGINES.test(path)) return [];
  const isBehind = mount !== undefined && (answer.why === "hangs" || answer.why === "gone");
  return [
    {
      ...{ path, why: answer.why, says: answer.says },
      ...(isBehind ? { of: { device: clip(mount.device, 200), type: mount.type } } : {}),
    },
  ];
}

const ENGINES = /^\/(var\/lib\/(docker|containerd|containers|kubelet)|run\/(docker|containerd|user))\/./;

/** Of a folder in which something does not answer nothing is measured: the count would wait for it. */
async function measureAll(client: HostClient, context: ActionContext): Promise<Disk["budgets"]> {
  const { folders, dead } = await answering(
    client,
    client.budgets.map(({ path }) => path),
    context,
  );
  return Promise.all(
    client.budgets.map((budget) => {
      const silent = folders.includes(budget.path)
        ? dead.find((path) => isWithin(path, budget.path))
        : budget.path;
      return silent === undefined
        ? measure(client, budget, context)
        : { ...budget, used: null, usedRatio: null, error: `${silent} does not answer` };
    }),
  );
}

/** Blocks used by one folder with a budget; a folder too large to be measured in 8 s is an error of that budget only. */
async function measure(
  client: HostClient,
  budget: { path: string; bytes: number },
  context: ActionContext,
): Promise<z.output<typeof Budget>> {
  const said = await script(client, USED, [budget.path], context, { codes: [0, 1] });
  const kilobytes = /^(\d+)\s/.exec(said)?.[1];
  if (said.includes("missing") || kilobytes === undefined) {
    const error = said.includes("missing")
      ? "there is no such folder"
      : "it could not be measured within 8 s";
    return { ...budget, used: null, usedRatio: null, error };
  }
  const used = Number(kilobytes) * 1024;
  return { ...budget, used, usedRatio: used / budget.bytes, error: null };
}
