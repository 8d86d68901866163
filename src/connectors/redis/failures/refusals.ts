import type { Causes, Known } from "./known.ts";

const MISCONF: Known = {
  id: "misconf",
  title: "Redis refuses writes: it cannot save to disk",
  because:
    "The last background save failed and stop-writes-on-bgsave-error is on. Either the disk is full, the folder cannot be written, fork was refused for want of memory, or somebody changed `dir` or `dbfilename`: its answer does not tell which.",
  advice:
    "To tell them apart read its log at the last save: “No space left on device” (free the disk), “Permission denied” or “Failed opening … .rdb” (look at `CONFIG GET dir` and `dbfilename` first: if nobody of you set them, treat the server as broken into), “Can't save in background: fork: Cannot allocate memory” (vm.overcommit_memory=1, or more memory). Then BGSAVE; writes return after the first good save. Switching stop-writes-on-bgsave-error off only hides it.",
};
const aof = (when: RegExp, reason: string, because: string, advice: string): Known => ({
  id: "misconf",
  when,
  title: `Redis refuses writes: it cannot write the append-only file${reason}`,
  because,
  advice,
});
const READ_ONLY: Known = {
  id: "read-only",
  title: "Redis is a read-only replica",
  because: "Writes fail: the URL leads to a replica, or a failover turned this server into one.",
  advice:
    "INFO replication names the master. Point the URL there, or use Sentinel's or the service's primary name, which follows failovers.",
};

/** A write is turned down before anything is done. */
export const REFUSALS: Causes = {
  OOM: {
    id: "oom",
    title: "Redis refuses writes: maxmemory is reached",
    because: "used_memory is at maxmemory and the eviction policy leaves nothing to evict.",
    advice: "Run redis-memory: it says what takes the memory, and what helps against that.",
  },
  MISCONF: [
    aof(
      /Errors writing to the AOF file: (No space left|Disk quota)/i,
      ": the disk is full",
      "What was written last is not on disk.",
      "Free space beside the append-only file (not the file itself); writes return with the next good write. disk-full on that machine names what takes it.",
    ),
    aof(
      /Errors writing to the AOF file: (Permission denied|Read-only file system|Input\/output error)/i,
      "",
      "The file system refuses or is damaged: the text says which.",
      "“Read-only file system” and “Input/output error” are the disk's (read the kernel log, and do not restart Redis: its memory is the newest copy); “Permission denied” is the folder's owner.",
    ),
    aof(
      /Errors writing to the AOF file/,
      "",
      "appendfsync or its write failed; the text beside it says why.",
      "Read the reason in its answer and in its log, repair the disk or folder; writes return with the next good write.",
    ),
    MISCONF,
  ],
  READONLY: READ_ONLY,
  REDIRECT: READ_ONLY,
  NOREPLICAS: {
    id: "no-replicas",
    title: "Redis refuses writes on purpose: too few replicas are in step",
    because:
      "min-replicas-to-write asks for more replicas that have answered within min-replicas-max-lag (10 s where nothing else is set) than there are: either they are away, or connected and too slow.",
    advice:
      "INFO replication lists the replicas with state and lag (one that is online with a large lag hangs or is cut off). Bring the missing ones back, or the path to them; the demand is there so that a failover loses nothing, so lower it (CONFIG SET min-replicas-to-write) only if that loss is acceptable.",
  },
};
