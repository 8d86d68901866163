import {
  chosenOf,
  host,
  on,
  postgres,
  runbookOn,
  type StepsOf,
  sayBytes,
  shellWord,
  z,
} from "../../src/sdk/index.ts";
import { adviseSlots } from "../postgres/slots.ts";
import { alertedMount } from "./alerted-mount.ts";
import { databaseOf, pathsOf } from "./database-here.ts";
import { deletedFindings } from "./deleted-files.ts";
import {
  ARRAY_ADVICE,
  faultFindings,
  poolAdvice,
  silentFindings,
  unmeasuredFindings,
} from "./disk-faults.ts";
import { fullPlace, growable } from "./full-place.ts";
import { balanceOf, findIn, growOf, inodesOf, repairOf } from "./grow.ts";
import { heldWal } from "./held-wal.ts";
import { areRelieved, chosen, isWithin } from "./places.ts";
import { PRESSURE_ADVICE } from "./pressures.ts";

/** Too little space or too few inodes, and what holds them. */
const book = runbookOn(
  "host",
  {
    id: "disk-full",
    title: "Disk space",
    covers: [
      "sergas-accounts.disk-full",
      "sergas-accounts.expand-disk",
      "resync.log-rotation-script",
      "tektra.resource-snapshot",
      "tektra.model-download-failure",
    ],
    alerts: [
      "HostOutOfDiskSpace",
      "HostDiskMayFillIn24Hours",
      "HostDiskWillFillIn24Hours",
      "HostOutOfInodes",
      "HostInodesMayFillIn24Hours",
      "NodeFilesystemAlmostOutOfSpace",
      "NodeFilesystemSpaceFillingUp",
      "NodeFilesystemAlmostOutOfFiles",
      "NodeFilesystemFilesFillingUp",
      "DiskFull",
      "DiskSpaceLow",
      "LowDiskSpace",
      "HighDiskUsage",
      "HostFilesystemDeviceError",
      "NodeFilesystemReadOnly",
      "FilesystemReadOnly",
    ],
    params: z.object({
      olderThanDays: z
        .int()
        .min(1)
        .max(365)
        .default(7)
        .describe("offer only files that were last written more than so many days ago"),
      kinds: z
        .enum(["both", "rotated logs", "temporary files"])
        .default("both")
        .describe("what may be offered for removal"),
      mountpoint: z
        .string()
        .min(1)
        .max(1_000)
        .optional()
        .describe("the mount point an alert is about; it is looked at besides the watched ones"),
    }),
  },
  ({ params: { olderThanDays, kinds, mountpoint } }) => ({
    disk: host.disk(mountpoint?.startsWith("/") === true ? { also: mountpoint } : {}),
    deleted: host.deletedOpen(),
    largest: host.largest(),
    removable: host.removable({ olderThanDays, kinds }),
  }),
)
  .andThen(["disk"], ({ disk }, context) => {
    const { system, thresholds } = context;
    const short = host.fullPlaces(disk, thresholds.disk);
    const full = short.filter(({ counts }) => counts === "bytes");
    const shortOn = (counts: host.Place["counts"]) =>
      short
        .filter((one) => one.kind === "file system" && one.counts === counts)
        .map(({ path }) => path)
        .slice(0, 3);
    const [paths, crowded] = [shortOn("bytes"), shortOn("inodes")];
    const machine = chosenOf(context, "host");
    const database = databaseOf(system.connections, machine);
    return {
      ...(paths.length > 0 && machine?.about?.grow !== undefined ? { volumes: host.volumes() } : {}),
      ...(disk.fileSystems.some(({ writes }) => writes === "stopped" || writes === "mounted-read-only")
        ? { kernel: host.kernelSays() }
        : {}),
      ...(paths.length === 0 ? {} : { contents: host.largest({ fileSystems: paths }) }),
      ...(crowded.length === 0 ? {} : { crowded: host.crowded({ fileSystems: crowded }) }),
      // What a database's disk is full of, only its server can say.
      ...(full.length === 0 || database === undefined
        ? {}
        : {
            database: on(database.name, postgres.sizes()),
            replication: on(database.name, postgres.replication()),
          }),
    };
  })
  .andThen(["database?"], ({ database }) =>
    // Whether the server that was asked is on this machine, its paths tell.
    (database?.dataFolder ?? "").startsWith("/")
      ? { whereabouts: host.whereabouts({ paths: pathsOf(database?.dataFolder ?? "") }) }
      : {},
  );

type Steps = StepsOf<typeof book>;

/** The file system that is first of those short of this. */
function shortOf(
  disk: Steps["disk"] | undefined,
  counts: host.Place["counts"],
  threshold: number,
): host.FileSystem | undefined {
  const place =
    disk && host.fullPlaces(disk, threshold).find((one) => one.kind !== "budget" && one.counts === counts);
  return disk?.fileSystems.find(({ path }) => path === place?.path);
}

export const diskFull = book
  .remedies({
    removeOldFiles: book.does(
      host.removeFiles,
      ["disk", "removable"],
      ({ disk, removable }, { params: { olderThanDays }, thresholds }) => {
        const files = chosen(disk, removable, thresholds.disk);
        return files.length > 0 && { files, olderThanDays };
      },
      {
        title: "Remove the oldest rotated logs and temporary files",
        recheck: ["disk"],
        // Its own question again: where it is still too full, removing what there was did not help enough.
        holds: ({ disk }, done, { thresholds }) =>
          areRelieved(
            disk,
            done.flatMap(({ input }) => input.files.map(({ path }) => path)),
            thresholds.disk,
          ),
      },
    ),
    grow: book.does(
      host.growFileSystem,
      ["disk", "volumes"],
      ({ disk, volumes }, { thresholds }) => {
        const path = growable(disk, volumes, thresholds.disk)[0];
        return path !== undefined && { path };
      },
      {
        title: "Let the file system take the room of its volume",
        recheck: ["disk"],
        // The guide asks for more than a fifth free; the threshold that was crossed is the system's own.
        holds: ({ disk }, done, { thresholds }) =>
          areRelieved(
            disk,
            done.map(({ input }) => input.path),
            thresholds.disk,
          ),
      },
    ),
    freeWal: book.advises("Free the WAL that a slot keeps", "high", ({ replication }) =>
      adviseSlots(replication, 0),
    ),
    repairArchiver: book.advises(
      "Repair what archives",
      "high",
      "Run pg-archive. The error of archive_command (or archive_library) is in the server log: a full or unreachable target, credentials, a file that is there already. Once it succeeds, WAL goes by itself. Never delete files in pg_wal or archive_status.",
    ),
    findSpace: book.advises("Find what fills it", "low", ({ disk, contents, largest }, { thresholds }) => {
      const budget = disk && host.fullPlaces(disk, thresholds.disk).find(({ kind }) => kind === "budget");
      const one = shortOf(disk, "bytes", thresholds.disk);
      const place = one ?? { path: budget?.path ?? "/", device: "", type: "" };
      const inside = [contents, largest]
        .flatMap((look) => [...(look?.files ?? []), ...(look?.folders ?? [])])
        .filter(({ path }) => isWithin(path, place.path))
        .map(({ path }) => path);
      return findIn(place, inside.slice(0, 20));
    }),
    shrinkDatabase: book.advises("Make room in the database", "high", ({ database }) => {
      const bloated =
        database?.tables.filter(({ deadRatio }) => deadRatio >= 0.3).map(({ table }) => table) ?? [];
      const dead =
        bloated.length > 0
          ? `${bloated.slice(0, 3).join(", ")} are full of dead rows: see with pg-locks what holds vacuum back, then VACUUM (VERBOSE) them. `
          : "";
      const wal = database?.walBytes ?? null;
      return `${dead}Drop what nobody needs (old partitions, temporary copies: DROP and TRUNCATE free space at once; DELETE does not, and VACUUM FULL needs as much space again and locks the table). If pg_wal is what grows${wal === null ? "" : ` (${sayBytes(wal)} now)`}, run pg-connectivity: slots or the archiver keep it back. Never delete files below the data folder.`;
    }),
    restartHolder: book.advises("Restart the process that holds deleted files", "high", ({ deleted }) => {
      const list = (deleted?.files ?? [])
        .slice(0, 5)
        .map(({ process, pid, bytes }) => `${process} (pid ${pid}, ${sayBytes(bytes)})`);
      return `Restart, or make reopen its logs (often \`kill -HUP\`): ${[...new Set(list)].join(", ")}. Its unit: \`systemctl status PID\`. Then let logrotate use copytruncate or a postrotate signal for it.`;
    }),
    freeInodes: book.advises("Find the folder with too many files", "low", ({ disk }, { thresholds }) => {
      const one = shortOf(disk, "inodes", thresholds.disk) ?? { path: "/", device: "", type: "" };
      return `Count files per folder: \`find ${shellWord(one.path)} -xdev -type f -printf '%h\\n' | sort | uniq -c | sort -rn | head -20\`. Usual causes: session files, mail queues, caches that nobody expires, image layers. ${inodesOf(one)}`;
    }),
    growFileSystem: book.advises(
      "Grow the volume and the file system",
      "high",
      ({ disk }, { thresholds }) => {
        const one = shortOf(disk, "bytes", thresholds.disk);
        return one === undefined
          ? "Enlarge the volume, then the file system with its own tool."
          : growOf(one);
      },
    ),
    balanceBtrfs: book.advises("Give btrfs room for its metadata", "high", ({ disk }, { thresholds }) => {
      const one = shortOf(disk, "metadata", thresholds.disk) ?? shortOf(disk, "system", thresholds.disk);
      return balanceOf(one?.path ?? "/");
    }),
    repairPool: book.advises("Repair the pool", "high", ({ disk }) => poolAdvice(disk)),
    growPool: book.advises(...PRESSURE_ADVICE.growPool),
    repairArray: book.advises("Give the array its device back", "high", ARRAY_ADVICE),
    freePool: book.advises("Free space in the pool", "high", ({ disk }, { thresholds }) => {
      const pool = disk?.pools.find(({ used, size }) => used / size >= thresholds.disk);
      const held =
        pool === undefined || pool.snapshots === 0
          ? ""
          : ` ${sayBytes(pool.snapshots)} are held by snapshots only.`;
      return `See what holds it: \`zfs list -o space -r ${shellWord(pool?.name ?? "POOL")}\`.${held} Destroy snapshots nobody needs (\`zfs list -t snapshot -s used\`, \`zfs destroy\` with \`-n\` first): files that a snapshot keeps free nothing when they are deleted. Then \`zpool add\`, or larger devices.`;
    }),
    repairReadOnly: book.advises("Repair the file system", "high", ({ disk }) => {
      const one = disk?.fileSystems.find(
        ({ writes }) => writes === "stopped" || writes === "mounted-read-only",
      );
      return one === undefined ? "Look into the kernel's log: `dmesg -T`." : repairOf(one);
    }),
    mountInOrder: book.advises("Mount in order", "high", ({ disk }) => {
      const one = disk?.unreadable.find(({ why }) => why === "hidden");
      return `What lies under ${shellWord(one?.by ?? "/")} comes back when that is unmounted, or moved aside: stop what uses it, \`umount ${shellWord(one?.by ?? "/")}\`, look into ${shellWord(one?.path ?? "/")}, and put the outer mount before the inner one in /etc/fstab (\`findmnt\` shows the order). Files written meanwhile are on the other file system.`;
    }),
    askTheRightMachine: book.advises(
      "Ask the machine the alert is about",
      "low",
      "Give that machine a connection of its own in diagbot.yaml (`kind: host`, `ssh: user@address`) and let the labels of its alerts lead to the system that has it; or correct `match:` of the system that took this alert.",
    ),
  })
  .findings((find) => {
    // Where deleted files are what fills it, they come first: nothing else anybody removes helps as much.
    const deletedFiles = (isFirst: boolean) =>
      find(["disk", "deleted"], ({ disk, deleted }, { thresholds }) =>
        deletedFindings(disk, deleted, thresholds.disk)
          .filter(({ role }) => (role === "cause") === isFirst)
          .map(({ finding }) => finding),
      );
    return [
      find(["disk"], ({ disk }, { params: { mountpoint }, alert }) => alertedMount(disk, mountpoint, alert)),
      find(["disk", "kernel?"], ({ disk, kernel }) => faultFindings(disk, kernel)),
      deletedFiles(true),
      find(["disk", "database?", "replication?", "whereabouts?"], ({ disk, ...seen }, { thresholds }) =>
        heldWal(disk, seen, thresholds.disk),
      ),
      find(
        [
          "disk",
          "removable?",
          "largest?",
          "contents?",
          "crowded?",
          "database?",
          "whereabouts?",
          "deleted?",
          "volumes?",
        ],
        ({ disk, ...seen }, { thresholds }) =>
          host
            .fullPlaces(disk, thresholds.disk)
            .map((place) => fullPlace(place, disk, seen, thresholds.disk)),
      ),
      deletedFiles(false),
      find(["disk"], ({ disk }) => silentFindings(disk)),
      find(["disk"], ({ disk }) => unmeasuredFindings(disk)),
    ];
  });
