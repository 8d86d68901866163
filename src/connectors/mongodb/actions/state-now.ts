import type { Document } from "mongodb";
import { z } from "zod";
import { known, numberAt, partAt } from "../values.ts";

const Tickets = z.object({ out: known, available: known, total: known, waiting: known }).nullable();

/** What `serverStatus` says of this moment. */
export const Now = z.object({
  uptimeSeconds: known,
  connections: z.object({
    current: known,
    /** Still free of the limit: it is `current` + `available`. */
    available: known,
    /** With a command under way. */
    active: known,
    totalCreated: known,
    /** Turned away at the limit since the start (6.3 and newer). */
    rejected: known,
  }),
  /** Operations that wait for a lock of the whole server. */
  queue: z.object({ readers: known, writers: known }),
  /** How many may be at work in the storage engine at once, and how many are. */
  tickets: z.object({ read: Tickets, write: Tickets }),
  cache: z.object({ usedBytes: known, maxBytes: known, dirtyBytes: known }).nullable(),
  /** Commits of the majority fall behind, and writers are slowed down for it. */
  flowControlLagged: z.boolean().nullable(),
  openCursors: z.object({ total: known, noTimeout: known }),
  residentMiB: known,
});

export const nowOf = (status: Document): z.output<typeof Now> => {
  const of = (...path: string[]): number | null => numberAt(status, ...path);
  const flow = partAt(status, "flowControl");
  return {
    uptimeSeconds: of("uptime"),
    connections: {
      current: of("connections", "current"),
      available: of("connections", "available"),
      active: of("connections", "active"),
      totalCreated: of("connections", "totalCreated"),
      rejected: of("connections", "rejected"),
    },
    queue: {
      readers: of("globalLock", "currentQueue", "readers"),
      writers: of("globalLock", "currentQueue", "writers"),
    },
    tickets: { read: ticketsOf(status, "read"), write: ticketsOf(status, "write") },
    cache:
      partAt(status, "wiredTiger", "cache") === undefined
        ? null
        : {
            usedBytes: of("wiredTiger", "cache", "bytes currently in the cache"),
            maxBytes: of("wiredTiger", "cache", "maximum bytes configured"),
            dirtyBytes: of("wiredTiger", "cache", "tracked dirty bytes in the cache"),
          },
    flowControlLagged: flow === undefined ? null : flow.isLagged === true,
    openCursors: {
      total: of("metrics", "cursor", "open", "total"),
      noTimeout: of("metrics", "cursor", "open", "noTimeout"),
    },
    residentMiB: of("mem", "resident"),
  };
};

/** Since 8.0 in `queues.execution` (with how many wait), before in `wiredTiger.concurrentTransactions`. */
function ticketsOf(status: Document, kind: "read" | "write"): z.output<typeof Tickets> {
  const new_ = partAt(status, "queues", "execution", kind);
  const found = new_ ?? partAt(status, "wiredTiger", "concurrentTransactions", kind);
  if (found === undefined) return null;
  return {
    out: numberAt(found, "out"),
    available: numberAt(found, "available"),
    total: numberAt(found, "totalTickets"),
    waiting: numberAt(found, "normalPriority", "queueLength"),
  };
}
