import { z } from "zod";
import { countIn, type Fields, numberIn } from "./info.ts";

export const Replication = z.object({
  /** Null: a master. */
  masterLinkUp: z.boolean().nullable(),
  /** `host:port`; empty: a master. */
  master: z.string(),
  /** How long the link has been down, or silent while it is up; null: it never came about, or a master. */
  masterSilentSeconds: z.number().nullable(),
  /** It takes over a whole copy of its master right now; `leftBytes` null: it does not know how much is left. */
  copying: z.object({ leftBytes: z.number().nullable() }).nullable(),
  readOnly: z.boolean(),
  /** At most 20. `state` in Redis's own words: `online`, `wait_bgsave`, `send_bulk`. */
  replicas: z.array(
    z.object({
      address: z.string(),
      state: z.string(),
      lagSeconds: z.number().nullable(),
      behindBytes: z.number().nullable(),
    }),
  ),
  /** Since the start: whole copies given, continuations refused, connections cut for too big a buffer (7.0; of all kinds of clients). */
  fullSyncs: z.number(),
  partialRefused: z.number(),
  bufferCuts: z.number().nullable(),
  backlogBytes: z.number().nullable(),
  /** Position in the stream of changes: its difference is what is written. */
  offset: z.number().nullable(),
});
export type RedisReplication = z.infer<typeof Replication>;

const MOST_REPLICAS = 20;

/** What INFO says of replication, on either side. */
export function replicationIn(info: Fields): RedisReplication {
  const n = (name: string) => numberIn(info, name);
  const isReplica = info.role === "slave";
  const isUp = info.master_link_status === "up";
  const offset = n("master_repl_offset");
  return {
    masterLinkUp: isReplica ? isUp : null,
    master: isReplica ? `${info.master_host ?? "?"}:${info.master_port ?? "?"}`.slice(0, 120) : "",
    masterSilentSeconds: isReplica
      ? n(isUp ? "master_last_io_seconds_ago" : "master_link_down_since_seconds")
      : null,
    copying:
      isReplica && info.master_sync_in_progress === "1" ? { leftBytes: n("master_sync_left_bytes") } : null,
    readOnly: isReplica && info.slave_read_only !== "0",
    replicas: replicasIn(info, offset),
    fullSyncs: countIn(info, "sync_full"),
    partialRefused: countIn(info, "sync_partial_err"),
    bufferCuts: n("client_output_buffer_limit_disconnections"),
    backlogBytes: n("repl_backlog_size"),
    offset,
  };
}

/** `slave0:ip=10.0.0.7,port=6379,state=online,offset=1234,lag=0`. */
const replicasIn = (info: Fields, offset: number | null): RedisReplication["replicas"] =>
  Object.entries(info)
    .filter(([name]) => /^slave\d+$/.test(name))
    .slice(0, MOST_REPLICAS)
    .map(([, value]) => {
      const parts: Fields = Object.fromEntries(
        value.split(",").map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]),
      );
      const at = numberIn(parts, "offset");
      return {
        address: `${parts.ip ?? "?"}:${parts.port ?? "?"}`.slice(0, 120),
        state: (parts.state ?? "").slice(0, 20),
        lagSeconds: numberIn(parts, "lag"),
        // A replica that is being copied to has no position yet.
        behindBytes: offset === null || at === null || at === 0 ? null : Math.max(0, offset - at),
      };
    });
