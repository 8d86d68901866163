import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { type HostClient, linesOf, partsOf, script } from "./client.ts";
import { type Mount, mountOf, parseMounts, realMounts, writableByFstab } from "./mounts.ts";

const { read } = actionsOn<HostClient>("host");
const MAX_MOUNTS = 60;

const FileSystem = z.object({
  /** The watched path: a mount point, or a folder named in `mounts:`. */
  path: z.string(),
  device: z.string(),
  type: z.string(),
  size: z.number(),
  used: z.number(),
  /** Bytes an ordinary user may still write. */
  available: z.number(),
  /** As df: used of what is usable, without the blocks kept for root. */
  usedRatio: z.number(),
  /** 0: the file system has no fixed number of inodes. */
  inodes: z.number(),
  inodesUsed: z.number(),
  inodesRatio: z.number(),
  readOnly: z.boolean(),
  /** It is read-only though /etc/fstab or diagbot.yaml wants it writable. */
  shouldBeWritable: z.boolean(),
});

const Budget = z.object({
  path: z.string(),
  bytes: z.number(),
  used: z.number().nullable(),
  usedRatio: z.number().nullable(),
  /** Why it could not be measured. */
  error: z.string().nullable(),
});

const MOUNTS = `cat /proc/self/mounts && echo == && cat /etc/fstab 2>/dev/null; true`;
// Fields of statvfs; a path that cannot be looked at says so and does not hide the others.
const STATFS = `for p in "$@"; do timeout -s KILL 3 stat -f -c '%S %b %f %a %c %d' "$p" 2>/dev/null || echo -; done`;
const USED = `timeout -s KILL 8 du -skx "$1" 2>/dev/null | tail -n 1; [ -d "$1" ] || echo missing`;

/**
 * Usage of every real file system, bytes and inodes (trap `df-root-only`), and of folders with a budget. Reserved blocks
 * count as used, as df does. sergas-accounts.disk-full, tektra.resource-snapshot.
 */
export const disk = read({
  name: "host.disk",
  title: "Usage of file systems and budgets",
  input: z.object({}),
  output: z.object({
    fileSystems: z.array(FileSystem),
    budgets: z.array(Budget),
    /** Watched paths that are not there or do not answer. */
    unreadable: z.array(z.string()),
  }),
  timeoutSeconds: 15,
  run: async (client, _input, context) => {
    const [mountsText = "", fstab = ""] = partsOf(await script(client, MOUNTS, [], context));
    const mounts = parseMounts(mountsText);
    const watched = client.mounts.length > 0 ? client.mounts : realMounts(mounts).map(({ path }) => path);
    const paths = watched.slice(0, MAX_MOUNTS);
    const [stats, budgets] = await Promise.all([
      script(client, STATFS, paths, context),
      Promise.all(client.budgets.map((budget) => measure(client, budget, context))),
    ]);
    const lines = linesOf(stats);
    const wanted = writableByFstab(fstab);
    const seen = paths.map((path, index) =>
      describe(path, lines[index] ?? "-", mountOf(mounts, path), (mount) =>
        client.mounts.length > 0 ? true : wanted.has(mount.path) || mount.options.includes("emergency_ro"),
      ),
    );
    return {
      fileSystems: seen.filter((fileSystem) => fileSystem !== undefined),
      budgets,
      unreadable: paths.filter((_path, index) => (lines[index] ?? "-") === "-"),
    };
  },
});

function describe(
  path: string,
  line: string,
  mount: Mount | undefined,
  mustWrite: (mount: Mount) => boolean,
): z.output<typeof FileSystem> | undefined {
  const [block = 0, blocks = 0, free = 0, available = 0, inodes = 0, inodesFree = 0] = line
    .split(" ")
    .map(Number);
  // No blocks at all: a pseudo file system this list does not know.
  if (line === "-" || mount === undefined || blocks === 0) return undefined;
  const used = blocks - free;
  const inodesUsed = inodes - inodesFree;
  return {
    path,
    device: mount.device,
    type: mount.type,
    size: blocks * block,
    used: used * block,
    available: available * block,
    usedRatio: used + available === 0 ? 1 : used / (used + available),
    inodes,
    inodesUsed,
    inodesRatio: inodes === 0 ? 0 : inodesUsed / inodes,
    readOnly: mount.readOnly,
    shouldBeWritable: mount.readOnly && mustWrite(mount),
  };
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
