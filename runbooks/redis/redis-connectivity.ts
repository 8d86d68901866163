import {
  count,
  facts,
  redis,
  rows,
  runbookOn,
  sayDuration,
  sayPercent,
  saySeconds,
  z,
} from "../../src/sdk/index.ts";
import { swappedOut } from "./memory.ts";

const ms = (value: number) => saySeconds(value / 1000);

/** Can one get in, does it answer in time, does it take writes, can it save. Guides: Redis connection, cache slow. */
const book = runbookOn(
  "redis",
  {
    id: "redis-connectivity",
    title: "Redis connectivity",
    covers: ["sergas-agents.cache-slow", "sergas-agents.cache-performance"],
    alerts: [
      "RedisDown",
      "RedisUnavailable",
      "RedisExporterLastScrapeError",
      "RedisTooManyConnections",
      "RedisRejectedConnections",
      "RedisReplicationBroken",
      "RedisDisconnectedSlaves",
      "RedisMissingMaster",
      "RedisMissingBackup",
      "RedisLatencyHigh",
      "RedisSlowLog",
    ],
    params: z.object({
      replica: z.boolean().default(false).describe("this connection is meant to lead to a replica"),
      latencyMs: z
        .int()
        .min(1)
        .max(10_000)
        .default(50)
        .describe("report when a PING takes longer than this, in milliseconds"),
      slowMs: z
        .int()
        .min(1)
        .max(60_000)
        .default(100)
        .describe("report commands slower than this, in milliseconds"),
    }),
    explains: ["busy"],
  },
  ({ params }) => ({
    connection: redis.checkConnection(),
    state: redis.serverState(),
    write: redis.checkWrite({ mayBeReplica: params.replica }),
    slow: redis.slowCommands(),
  }),
);

export const redisConnectivity = book
  .remedies({
    killScript: book.does(redis.killScript, [], () => ({}), {
      title: "End the script that holds the server",
    }),
    findMaster: book.advises(
      "Write to the master",
      "high",
      "INFO replication names the master (master_host). Point the URL there, or use Sentinel's or the service's primary name, which follows failovers.",
    ),
    findSlowCommands: book.advises(
      "Make the slow commands cheaper",
      "low",
      "Redis does one command at a time, so each of these holds all clients. Replace KEYS by SCAN, big HGETALL/SMEMBERS/LRANGE by pages, DEL of big keys by UNLINK, long scripts by short ones; move reports to a replica.",
    ),
    findMemory: book.advises(
      "Give Redis its memory back",
      "high",
      "The machine has too little memory: run high-memory to see who takes it. A container's or pod's higher limit restarts Redis (fail over first, look at persistence) and does not change maxmemory: set that separately, well below the limit. Swap comes back by itself only when the keys are read; a failover to a replica with memory is quicker.",
    ),
    repairSaving: book.advises(
      "Repair saving",
      "high",
      "Its log says why the save failed: a full disk, a folder without write permission, or fork refused for want of memory (vm.overcommit_memory=1). Repair that, then BGSAVE and look at rdb_last_bgsave_status. Until then a restart loses what was written since.",
    ),
    repairReplication: book.advises(
      "Repair replication",
      "high",
      "Look at the master and the path to it, then at both logs (a full resync that repeats needs a bigger repl-backlog-size or client-output-buffer-limit replica). Do not fail over to this replica before it has caught up.",
    ),
    freeClients: book.advises(
      "Find who holds the connections",
      "low",
      ({ state }) =>
        `CLIENT LIST grouped by \`name\` and \`addr\` shows who holds them: mostly a client made per request or workers that are never closed.${state === undefined ? "" : ` maxclients is ${state.clients.max}; raising it (CONFIG SET maxclients) is bounded by the process's open files.`} \`timeout 300\` closes clients that have been idle for long (not subscribers).`,
    ),
    recover: book.advises(
      "Get Redis back",
      "high",
      "SCRIPT KILL (or FUNCTION KILL) is refused once the script has written (UNKILLABLE): then wait, or SHUTDOWN NOSAVE and lose what was written since the last save.",
    ),
  })
  .findings((find) => [
    find.seen(["connection", "state", "write", "slow"], (seen) => {
      const busy = redis.failuresIn(seen).find(({ id }) => id === "busy");
      return (
        busy !== undefined && {
          id: busy.id,
          severity: "critical",
          title: busy.title,
          because: busy.because,
          evidence: [facts({ code: busy.error.code, detail: busy.error.detail ?? "–" })],
          remedies: ["killScript", "recover"],
        }
      );
    }),
    find(["state"], ({ state }) => swappedOut(state, "findMemory")),
    find(["connection"], ({ connection }, { params: { latencyMs } }) => {
      const { dnsMs, tcpMs, loginMs, pingMedianMs, pingWorstMs } = connection;
      if (pingMedianMs < latencyMs) return undefined;
      return {
        id: "slow-answers",
        severity: "warning",
        title: `Redis answers slowly: a PING takes ${ms(pingMedianMs)}`,
        because: `Name ${ms(dnsMs)}, TCP ${ms(tcpMs)}, login ${ms(loginMs)}, PING ${ms(pingMedianMs)} (worst of twenty ${ms(pingWorstMs)}). ${tcpMs >= latencyMs ? "TCP is slow too: the network or the machine." : "TCP is quick: other commands hold the server."}`,
        remedies: ["findSlowCommands"],
      };
    }),
    find(["slow"], ({ slow }, { params: { slowMs } }) => {
      const commands = slow.commands.filter((one) => one.ms >= slowMs);
      const events = slow.events.filter(({ latestMs }) => latestMs >= slowMs);
      const worst = commands[0];
      if (worst === undefined && events.length === 0) return undefined;
      return {
        id: "slow-commands",
        severity: "warning",
        title:
          worst === undefined
            ? `Redis stalled for ${ms(Math.max(...events.map(({ latestMs }) => latestMs)))} (${events.map(({ event }) => event).join(", ")})`
            : `${count(commands.length, "command")} slower than ${slowMs} ms in the last 10 min, the slowest ${worst.command} with ${ms(worst.ms)}`,
        because: "While one runs, every other client waits.",
        evidence: [
          rows("", commands, {
            command: (one) => one.command,
            key: (one) => one.key,
            arguments: (one) => one.arguments,
            took: (one) => ms(one.ms),
            ago: (one) => sayDuration(one.secondsAgo * 1000),
          }),
        ],
        remedies: ["findSlowCommands"],
      };
    }),
    find(["state"], ({ state: { clients, totals } }, { thresholds }) => {
      const { connected, max, blocked } = clients;
      return (
        max > 0 &&
        connected / max >= thresholds.connections && {
          id: "clients-near-limit",
          severity: connected / max >= 0.95 ? "critical" : "warning",
          title: `${connected} of ${max} Redis clients are connected (${sayPercent(connected / max)})`,
          because: `At maxclients new ones are turned away; ${totals.rejectedConnections} were since the start. ${blocked} wait in blocking commands, which is normal for workers.`,
          remedies: ["freeClients"],
        }
      );
    }),
    find.seen(["state", "write"], ({ state, write }) => {
      if (!state.ok || (!write.ok && write.error.detail === "MISCONF")) return undefined;
      const { rdbOk, aofOk, changesSinceSave } = state.value.persistence;
      return (
        !(rdbOk && aofOk) && {
          id: "saving-fails",
          severity: "warning",
          title: `Redis cannot save: the last ${rdbOk ? "AOF write or rewrite" : "background save"} failed`,
          because: `${count(changesSinceSave, "change")} since the last save would be lost with the process.`,
          remedies: ["repairSaving"],
        }
      );
    }),
    find(["state"], ({ state: { role, replication } }, { params }) => {
      if (role === "replica" && replication.masterLinkUp === false)
        return {
          id: "master-link-down",
          severity: "critical",
          title: "This replica has no link to its master",
          because: `The link has been silent for ${sayDuration(replication.masterSilentSeconds * 1000)}: what it serves is that old.`,
          remedies: ["repairReplication"],
        };
      return (
        role === "master" &&
        params.replica && {
          id: "not-a-replica",
          severity: "warning",
          title: "The server meant as a replica is a master",
          because:
            "It was promoted, or forgot its master at a restart: it may take writes the other master does not have.",
          remedies: ["findMaster"],
        }
      );
    }),
  ]);
