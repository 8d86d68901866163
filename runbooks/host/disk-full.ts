import {
  facts,
  host,
  on,
  postgres,
  rows,
  runbookOn,
  type StepsOf,
  sayBytes,
  shellWord,
  z,
} from "../../src/sdk/index.ts";
import {
  areRelieved,
  chosen,
  databaseIn,
  figures,
  filesIn,
  fullPlaces,
  insideOf,
  type Place,
  sayMost,
  sayOld,
  sayPlace,
} from "./places.ts";

/** Beyond this it is not "filling up" but about to fail writes. */
const CRITICAL = 0.95;

/** Too little space or too few inodes, and what holds them. */
const book = runbookOn(
  "host",
  {
    id: "disk-full",
    title: "Disk space",
    covers: ["sergas-accounts.disk-full", "sergas-accounts.expand-disk", "resync.log-rotation-script"],
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
    }),
  },
  ({ params: { olderThanDays, kinds } }) => ({
    disk: host.disk(),
    deleted: host.deletedOpen(),
    largest: host.largest(),
    removable: host.removable({ olderThanDays, kinds }),
  }),
).andThen(["disk"], ({ disk }, { system, thresholds }) => {
  const full = fullPlaces(disk, thresholds.disk).filter(({ counts }) => counts === "bytes");
  const paths = full.filter(({ kind }) => kind === "file system").map(({ path }) => path);
  const database = system.connections.find(({ kind }) => kind === "postgres");
  return {
    ...(paths.length === 0 ? {} : { contents: host.largest({ fileSystems: paths.slice(0, 3) }) }),
    // What a database's disk is full of, only its server can say.
    ...(full.length === 0 || database === undefined ? {} : { database: on(database.name, postgres.sizes()) }),
  };
});

type Steps = StepsOf<typeof book>;

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
    findSpace: book.advises("Find what fills it", "low", ({ disk }, { thresholds }) => {
      const full = disk === undefined ? [] : fullPlaces(disk, thresholds.disk);
      const path = full.find(({ counts }) => counts === "bytes")?.path ?? "/";
      return `Largest folders: \`du -xh -d 2 ${shellWord(path)} | sort -h | tail -20\`. The journal: \`journalctl --disk-usage\`, then \`journalctl --vacuum-size=500M\`. Docker: \`docker system df\`. A live log that has grown: \`logrotate -f /etc/logrotate.d/NAME\`; never delete a file a process has open, and never anything below pg_wal.`;
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
      const full = disk === undefined ? [] : fullPlaces(disk, thresholds.disk);
      const path = full.find(({ counts }) => counts === "inodes")?.path ?? "/";
      return `Count files per folder: \`find ${shellWord(path)} -xdev -type f -printf '%h\\n' | sort | uniq -c | sort -rn | head -20\`. Usual causes: session files, mail queues, caches that nobody expires. More inodes need a new file system (ext4: \`mkfs.ext4 -N\`; XFS: \`xfs_growfs -m\`).`;
    }),
    growFileSystem: book.advises(
      "Grow the volume and the file system",
      "high",
      ({ disk }, { thresholds }) => {
        const full = disk === undefined ? [] : fullPlaces(disk, thresholds.disk);
        const path = full.find((one) => one.kind === "file system" && one.counts === "bytes")?.path;
        const one = disk?.fileSystems.find((each) => each.path === path);
        const device = one?.device ?? "DEVICE";
        if (one?.type === "tmpfs")
          return `It is in memory: \`mount -o remount,size=<more> ${shellWord(one.path)}\` as long as the machine has that much to spare (run high-memory), and the size in /etc/fstab or the container's tmpfs setting.`;
        const resize =
          one?.type === "xfs" ? `xfs_growfs ${shellWord(one.path)}` : `resize2fs ${shellWord(device)}`;
        return `Take a snapshot, enlarge the volume, then: \`lsblk ${shellWord(device)}\`, the partition first where there is one (\`growpart\`), then \`${resize}\` (${one?.type ?? "file system"} on ${one?.path ?? "it"}).`;
      },
    ),
    repairReadOnly: book.advises("Repair the file system", "high", ({ disk }) => {
      const one = disk?.fileSystems.find(({ shouldBeWritable }) => shouldBeWritable);
      return `See why: \`dmesg -T | grep -iE ${shellWord(`I/O error|${one?.type ?? "ext4"}|remount`)}\` and \`smartctl -a\`. Stop what writes there, unmount, \`fsck -f ${shellWord(one?.device ?? "DEVICE")}\` (XFS: \`xfs_repair\`), mount again. Only where it was remounted by mistake: \`mount -o remount,rw ${shellWord(one?.path ?? "PATH")}\`.`;
    }),
  })
  .findings((find) => {
    // Where deleted files are what fills it, they come first: nothing else anybody removes helps as much.
    const deletedFiles = (isFirst: boolean) =>
      find(["disk", "deleted"], ({ disk, deleted }, { thresholds }) => {
        const { files, bytes } = deleted;
        const [first] = files;
        const full = fullPlaces(disk, thresholds.disk);
        if (first === undefined || doFill(files, full, thresholds.disk) !== isFirst) return undefined;
        const isFull = full.some(({ counts, kind }) => counts === "bytes" && kind === "file system");
        if (!isFull && !holdATenth(files, disk)) return undefined;
        return {
          id: "deleted-open-files",
          severity: isFull ? "critical" : "warning",
          title: `${sayBytes(bytes)} in deleted files that are still open (most by ${first.process}, pid ${first.pid})`,
          because:
            "Their names are gone, so du and a look into the folder do not show them; the space comes free only when the process closes them.",
          evidence: [
            rows("", files, {
              file: (one) => one.path,
              size: (one) => sayBytes(one.bytes),
              process: (one) => one.process,
              pid: (one) => one.pid,
            }),
          ],
          remedies: ["restartHolder"],
        };
      });
    return [
      deletedFiles(true),
      find(
        ["disk", "removable?", "largest?", "contents?", "database?"],
        ({ disk, removable, largest, contents, ...values }, { thresholds }) =>
          fullPlaces(disk, thresholds.disk).map((place) => {
            const { title, because, remedies } = sayPlace(place);
            const old = filesIn(place, disk, removable);
            const inside = insideOf(place, largest, contents);
            const database = databaseIn(place, disk, values.database);
            return {
              id: place.id,
              severity: place.ratio >= CRITICAL ? "critical" : "warning",
              title: `${title}${sayMost(place, inside)}`,
              because: [because, database?.words, sayOld(place, old, thresholds.disk)]
                .filter((sentence) => sentence !== undefined)
                .join(" "),
              evidence: [
                figures(place, thresholds.disk),
                ...(inside.length === 0
                  ? []
                  : [rows("", inside, { largest: (one) => one.path, size: (one) => sayBytes(one.bytes) })]),
                ...(database?.evidence ?? []),
              ],
              remedies: [
                ...(old.length > 0 ? (["removeOldFiles"] as const) : []),
                ...(database === undefined ? [] : (["shrinkDatabase"] as const)),
                ...remedies,
              ],
            };
          }),
      ),
      deletedFiles(false),
      find(["disk"], ({ disk }) =>
        disk.fileSystems
          .filter(({ shouldBeWritable }) => shouldBeWritable)
          .map(({ path, device, type }) => ({
            id: `read-only:${path}`,
            severity: "critical",
            title: `${path} is mounted read-only`,
            because: `${device} (${type}) should be writable; after an error on the disk the kernel remounts it read-only and every write fails.`,
            evidence: [facts({ device, type })],
            remedies: ["repairReadOnly"],
          })),
      ),
      find(["disk"], ({ disk }) =>
        disk.unreadable.map((path) => ({
          id: `not-answering:${path}`,
          severity: "critical",
          title: `${path} is not there or does not answer`,
          because:
            "The path is watched, but the file system below it could not be asked: not mounted, or hanging.",
        })),
      ),
      find(["disk"], ({ disk }) =>
        disk.budgets
          .filter(({ error }) => error !== null)
          .map(({ path, error }) => ({
            id: `unmeasured:${path}`,
            severity: "warning",
            title: `The budget of ${path} could not be checked`,
            because: error ?? "",
          })),
      ),
    ];
  });

type Deleted = Steps["deleted"]["files"];

/** Do deleted files alone explain why a file system is too full? */
const doFill = (files: Deleted, full: readonly Place[], threshold: number): boolean =>
  full.some((place) => {
    const mine = files.filter(({ path }) => place.path === "/" || path.startsWith(`${place.path}/`));
    const bytes = mine.reduce((sum, file) => sum + file.bytes, 0);
    return place.counts === "bytes" && place.used - bytes < threshold * place.capacity;
  });

const holdATenth = (files: Deleted, { fileSystems }: Steps["disk"]): boolean =>
  fileSystems.some(
    ({ path, size }) =>
      files.reduce((sum, file) => sum + (file.path.startsWith(path) ? file.bytes : 0), 0) > size / 10,
  );
