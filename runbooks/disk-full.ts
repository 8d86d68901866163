import { type Finding, host, on, postgres, runbook, sayBytes, shellWord, verify, z } from "../src/sdk.ts";
import {
  deletedFillIt,
  deletedFinding,
  fullFinding,
  otherFindings,
  unreachable,
} from "./support/disk-findings.ts";
import {
  chosen,
  type DiskRemedy,
  filesIn,
  fullPlaces,
  goalOf,
  placesOf,
  sizesOf,
} from "./support/disk-places.ts";

/** Too little space or too few inodes, and what holds them. */
export const diskFull = runbook({
  id: "disk-full",
  title: "Disk space",
  needs: ["host"],
  covers: ["sergas-accounts.disk-full", "sergas-accounts.expand-disk", "resync.log-rotation-script"],
  alerts: [
    { alertname: "HostOutOfDiskSpace" },
    { alertname: "HostDiskMayFillIn24Hours" },
    { alertname: "HostDiskWillFillIn24Hours" },
    { alertname: "HostOutOfInodes" },
    { alertname: "HostInodesMayFillIn24Hours" },
    { alertname: "NodeFilesystemAlmostOutOfSpace" },
    { alertname: "NodeFilesystemSpaceFillingUp" },
    { alertname: "NodeFilesystemAlmostOutOfFiles" },
    { alertname: "NodeFilesystemFilesFillingUp" },
    { alertname: "DiskFull" },
    { alertname: "DiskSpaceLow" },
    { alertname: "LowDiskSpace" },
    { alertname: "HighDiskUsage" },
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
})
  .diagnose(({ olderThanDays, kinds }) => ({
    disk: host.disk(),
    deleted: host.deletedOpen(),
    largest: host.largest(),
    removable: host.removable({ olderThanDays, kinds }),
  }))
  .andThen((view, context) => {
    const full = fullPlaces(view, context).filter(({ counts }) => counts === "bytes");
    const paths = full.filter(({ kind }) => kind === "file system").map(({ path }) => path);
    const database = context.system.connections.find(({ kind }) => kind === "postgres");
    return {
      ...(paths.length === 0 ? {} : { contents: host.largest({ fileSystems: paths.slice(0, 3) }) }),
      // What a database's disk is full of, only its server can say.
      ...(full.length === 0 || database === undefined
        ? {}
        : { database: on(database.name, postgres.sizes()) }),
    };
  })
  .findings((view, context): readonly Finding<DiskRemedy>[] => {
    if (!view.disk.ok) return [unreachable(view.disk.error)];
    const full = fullPlaces(view, context).map((place) => fullFinding(place, view, context));
    const deleted = deletedFinding(view, context);
    // Where deleted files are what fills it, they come first: nothing else anybody removes helps as much.
    const found = deletedFillIt(view, context) ? [...deleted, ...full] : [...full, ...deleted];
    return [...found, ...otherFindings(view)];
  })
  .remedies({
    removeOldFiles: {
      title: "Remove the oldest rotated logs and temporary files",
      risk: "destructive",
      do: (view, context) => {
        const files = chosen(view, context);
        const { olderThanDays } = context.params;
        return files.length === 0 ? [] : [host.removeFiles({ files, olderThanDays })];
      },
      verify: verify({
        check: { disk: host.disk() },
        holds: ({ disk }, before, context) =>
          disk.ok &&
          fullPlaces(before, context)
            .filter((place) => filesIn(place, before).length > 0)
            .every((place) => {
              const now = placesOf(disk.value).find(({ id }) => id === place.id);
              return now !== undefined && now.ratio < goalOf(place, before, context);
            }),
        within: "30s",
      }),
      undo: "none: removed files do not come back",
    },
    findSpace: {
      title: "Find what fills it",
      risk: "low",
      advice: (view, context) => {
        const path = fullPlaces(view, context).find(({ counts }) => counts === "bytes")?.path ?? "/";
        return `Largest folders: \`du -xh -d 2 ${shellWord(path)} | sort -h | tail -20\`. The journal: \`journalctl --disk-usage\`, then \`journalctl --vacuum-size=500M\`. Docker: \`docker system df\`. A live log that has grown: \`logrotate -f /etc/logrotate.d/NAME\`; never delete a file a process has open, and never anything below pg_wal.`;
      },
    },
    shrinkDatabase: {
      title: "Make room in the database",
      risk: "high",
      advice: (view) => {
        const sizes = sizesOf(view);
        const bloated =
          sizes?.tables.filter(({ deadRatio }) => deadRatio >= 0.3).map(({ table }) => table) ?? [];
        const dead =
          bloated.length > 0
            ? `${bloated.slice(0, 3).join(", ")} are full of dead rows: see with pg-locks what holds vacuum back, then VACUUM (VERBOSE) them. `
            : "";
        return `${dead}Drop what nobody needs (old partitions, temporary copies: DROP and TRUNCATE free space at once; DELETE does not, and VACUUM FULL needs as much space again and locks the table). If pg_wal is what grows${sizes?.walBytes === undefined || sizes.walBytes === null ? "" : ` (${sayBytes(sizes.walBytes)} now)`}, run pg-connectivity: slots or the archiver keep it back. Never delete files below the data folder.`;
      },
    },
    restartHolder: {
      title: "Restart the process that holds deleted files",
      risk: "high",
      advice: ({ deleted }) => {
        const holders = deleted.ok ? deleted.value.files : [];
        const list = holders
          .slice(0, 5)
          .map(({ process, pid, bytes }) => `${process} (pid ${pid}, ${sayBytes(bytes)})`);
        return `Restart, or make reopen its logs (often \`kill -HUP\`): ${[...new Set(list)].join(", ")}. Its unit: \`systemctl status PID\`. Then let logrotate use copytruncate or a postrotate signal for it.`;
      },
    },
    freeInodes: {
      title: "Find the folder with too many files",
      risk: "low",
      advice: (view, context) => {
        const path = fullPlaces(view, context).find(({ counts }) => counts === "inodes")?.path ?? "/";
        return `Count files per folder: \`find ${shellWord(path)} -xdev -type f -printf '%h\\n' | sort | uniq -c | sort -rn | head -20\`. Usual causes: session files, mail queues, caches that nobody expires. More inodes need a new file system (ext4: \`mkfs.ext4 -N\`; XFS: \`xfs_growfs -m\`).`;
      },
    },
    growFileSystem: {
      title: "Grow the volume and the file system",
      risk: "high",
      advice: (view, context) => {
        const full = fullPlaces(view, context).find(
          ({ kind, counts }) => kind === "file system" && counts === "bytes",
        );
        const one = view.disk.ok
          ? view.disk.value.fileSystems.find(({ path }) => path === full?.path)
          : undefined;
        const device = one?.device ?? "DEVICE";
        if (one?.type === "tmpfs")
          return `It is in memory: \`mount -o remount,size=<more> ${shellWord(one.path)}\` as long as the machine has that much to spare (run high-memory), and the size in /etc/fstab or the container's tmpfs setting.`;
        const resize =
          one?.type === "xfs" ? `xfs_growfs ${shellWord(one.path)}` : `resize2fs ${shellWord(device)}`;
        return `Take a snapshot, enlarge the volume, then: \`lsblk ${shellWord(device)}\`, the partition first where there is one (\`growpart\`), then \`${resize}\` (${one?.type ?? "file system"} on ${one?.path ?? "it"}).`;
      },
    },
    repairReadOnly: {
      title: "Repair the file system",
      risk: "high",
      advice: ({ disk }) => {
        const one = disk.ok
          ? disk.value.fileSystems.find(({ shouldBeWritable }) => shouldBeWritable)
          : undefined;
        return `See why: \`dmesg -T | grep -iE ${shellWord(`I/O error|${one?.type ?? "ext4"}|remount`)}\` and \`smartctl -a\`. Stop what writes there, unmount, \`fsck -f ${shellWord(one?.device ?? "DEVICE")}\` (XFS: \`xfs_repair\`), mount again. Only where it was remounted by mistake: \`mount -o remount,rw ${shellWord(one?.path ?? "PATH")}\`.`;
      },
    },
  });
