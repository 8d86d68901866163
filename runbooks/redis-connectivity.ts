import {
  count,
  type Finding,
  facts,
  redis,
  runbook,
  type Seen,
  sayBytes,
  sayDuration,
  sayPercent,
  saySeconds,
  table,
  verify,
  z,
} from "../src/sdk.ts";

const params = z.object({
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
});

type Remedy =
  | "recover"
  | "killScript"
  | "findMaster"
  | "freeClients"
  | "findSlowCommands"
  | "findMemory"
  | "repairSaving"
  | "repairReplication";
type Dialled = { dnsMs: number; tcpMs: number; loginMs: number; pingMedianMs: number; pingWorstMs: number };
type Slow = {
  commands: { command: string; key: string; arguments: number; ms: number; secondsAgo: number }[];
  events: { event: string; latestMs: number; worstMs: number; secondsAgo: number }[];
};
type Sees = {
  connection: Seen<Dialled>;
  state: Seen<redis.RedisState>;
  write: Seen<{ accepted: true | null }>;
  slow: Seen<Slow>;
};

/** Can one get in, does it answer in time, does it take writes, can it save. Guides: Redis connection, cache slow. */
export const redisConnectivity = runbook({
  id: "redis-connectivity",
  title: "Redis connectivity",
  needs: ["redis"],
  covers: ["sergas-agents.cache-slow", "sergas-agents.cache-performance"],
  alerts: [
    { alertname: "RedisDown" },
    { alertname: "RedisUnavailable" },
    { alertname: "RedisExporterLastScrapeError" },
    { alertname: "RedisTooManyConnections" },
    { alertname: "RedisRejectedConnections" },
    { alertname: "RedisReplicationBroken" },
    { alertname: "RedisDisconnectedSlaves" },
    { alertname: "RedisMissingMaster" },
    { alertname: "RedisMissingBackup" },
    { alertname: "RedisLatencyHigh" },
    { alertname: "RedisSlowLog" },
  ],
  params,
})
  .diagnose(({ replica }) => ({
    connection: redis.checkConnection(),
    state: redis.serverState(),
    write: redis.checkWrite({ mayBeReplica: replica }),
    slow: redis.slowCommands(),
  }))
  .findings((seen, { params, thresholds }) => [
    ...cannotWork(seen),
    ...swappedOut(seen),
    ...answersSlowly(seen, params.latencyMs),
    ...slowCommands(seen, params.slowMs),
    ...clientsNearLimit(seen, thresholds.connections),
    ...savingFails(seen),
    ...replicationBroken(seen, params.replica),
  ])
  .remedies({
    recover: {
      title: "Get Redis back",
      risk: "high",
      advice: (seen: Sees) =>
        redis
          .failuresIn(seen)
          .map(({ advice }) => advice)
          .join(" "),
    },
    killScript: {
      title: "End the script that holds the server",
      risk: "high",
      do: () => [redis.killScript()],
      verify: verify({
        check: { connection: redis.checkConnection() },
        holds: (after) => after.connection.ok,
        within: "30s",
      }),
      undo: "none: the script can be sent again",
    },
    findMaster: {
      title: "Write to the master",
      risk: "high",
      advice:
        "INFO replication names the master (master_host). Point the URL there, or use Sentinel's or the service's primary name, which follows failovers.",
    },
    freeClients: {
      title: "Find who holds the connections",
      risk: "low",
      advice: ({ state }: Sees) =>
        `CLIENT LIST grouped by \`name\` and \`addr\` shows who holds them: mostly a client made per request or workers that are never closed.${state.ok ? ` maxclients is ${state.value.clients.max}; raising it (CONFIG SET maxclients) is bounded by the process's open files.` : ""} \`timeout 300\` closes clients that have been idle for long (not subscribers).`,
    },
    findSlowCommands: {
      title: "Make the slow commands cheaper",
      risk: "low",
      advice:
        "Redis does one command at a time, so each of these holds all clients. Replace KEYS by SCAN, big HGETALL/SMEMBERS/LRANGE by pages, DEL of big keys by UNLINK, long scripts by short ones; move reports to a replica.",
    },
    findMemory: {
      title: "Give Redis its memory back",
      risk: "high",
      advice:
        "The machine has too little memory: run high-memory to see who takes it. A container's or pod's higher limit restarts Redis (fail over first, look at persistence) and does not change maxmemory: set that separately, well below the limit. Swap comes back by itself only when the keys are read; a failover to a replica with memory is quicker.",
    },
    repairSaving: {
      title: "Repair saving",
      risk: "high",
      advice:
        "Its log says why the save failed: a full disk, a folder without write permission, or fork refused for want of memory (vm.overcommit_memory=1). Repair that, then BGSAVE and look at rdb_last_bgsave_status. Until then a restart loses what was written since.",
    },
    repairReplication: {
      title: "Repair replication",
      risk: "high",
      advice:
        "Look at the master and the path to it, then at both logs (a full resync that repeats needs a bigger repl-backlog-size or client-output-buffer-limit replica). Do not fail over to this replica before it has caught up.",
    },
  });

function cannotWork(seen: Sees): Finding<Remedy>[] {
  return redis.failuresIn(seen).map(({ id, title, because, error }) => ({
    id,
    severity: "critical",
    title,
    because,
    evidence: [facts({ code: error.code, detail: error.detail ?? "–" })],
    remedies: id === "busy" ? ["killScript", "recover"] : ["recover"],
  }));
}

/** Below this the ratio of rss to used means nothing. */
const WORTH_A_LOOK = 100 * 1024 ** 2;

/** INFO has no word of swap (trap redis-swap): less in memory than is used means that the rest is on disk. */
function swappedOut({ state }: Sees): Finding<Remedy>[] {
  if (!state.ok) return [];
  const { used, rss, fragmentation } = state.value.memory;
  if (used < WORTH_A_LOOK || fragmentation >= 0.9) return [];
  return [
    {
      id: "swapped",
      severity: "critical",
      title: `About ${sayBytes(used - rss)} of Redis's memory is swapped out`,
      because: `Only ${sayBytes(rss)} of ${sayBytes(used)} are in memory: commands wait for the disk.`,
      remedies: ["findMemory"],
    },
  ];
}

function answersSlowly({ connection }: Sees, latencyMs: number): Finding<Remedy>[] {
  if (!connection.ok) return [];
  const { dnsMs, tcpMs, loginMs, pingMedianMs, pingWorstMs } = connection.value;
  if (pingMedianMs < latencyMs) return [];
  const say = (ms: number) => saySeconds(ms / 1000);
  return [
    {
      id: "slow-answers",
      severity: "warning",
      title: `Redis answers slowly: a PING takes ${say(pingMedianMs)}`,
      because: `Name ${say(dnsMs)}, TCP ${say(tcpMs)}, login ${say(loginMs)}, PING ${say(pingMedianMs)} (worst of twenty ${say(pingWorstMs)}). ${tcpMs >= latencyMs ? "TCP is slow too: the network or the machine." : "TCP is quick: other commands hold the server."}`,
      remedies: ["findSlowCommands"],
    },
  ];
}

function slowCommands({ slow }: Sees, slowMs: number): Finding<Remedy>[] {
  if (!slow.ok) return [];
  const commands = slow.value.commands.filter(({ ms }) => ms >= slowMs);
  const events = slow.value.events.filter(({ latestMs }) => latestMs >= slowMs);
  const worst = commands[0];
  if (worst === undefined && events.length === 0) return [];
  return [
    {
      id: "slow-commands",
      severity: "warning",
      title:
        worst === undefined
          ? `Redis stalled for ${saySeconds(Math.max(...events.map(({ latestMs }) => latestMs)) / 1000)} (${events.map(({ event }) => event).join(", ")})`
          : `${count(commands.length, "command")} slower than ${slowMs} ms in the last 10 min, the slowest ${worst.command} with ${saySeconds(worst.ms / 1000)}`,
      because: "While one runs, every other client waits.",
      evidence: [
        table(
          ["command", "key", "arguments", "took", "ago"],
          commands
            .slice(0, 10)
            .map((one) => [
              ...[one.command, one.key, one.arguments, saySeconds(one.ms / 1000)],
              sayDuration(one.secondsAgo * 1000),
            ]),
        ),
      ],
      remedies: ["findSlowCommands"],
    },
  ];
}

function clientsNearLimit({ state }: Sees, threshold: number): Finding<Remedy>[] {
  if (!state.ok || state.value.clients.max === 0) return [];
  const { connected, max, blocked } = state.value.clients;
  if (connected / max < threshold) return [];
  return [
    {
      id: "clients-near-limit",
      severity: connected / max >= 0.95 ? "critical" : "warning",
      title: `${connected} of ${max} Redis clients are connected (${sayPercent(connected / max)})`,
      because: `At maxclients new ones are turned away; ${state.value.totals.rejectedConnections} were since the start. ${blocked} wait in blocking commands, which is normal for workers.`,
      remedies: ["freeClients"],
    },
  ];
}

function savingFails({ state, write }: Sees): Finding<Remedy>[] {
  if (!state.ok || (!write.ok && write.error.detail === "MISCONF")) return [];
  const { rdbOk, aofOk, changesSinceSave } = state.value.persistence;
  if (rdbOk && aofOk) return [];
  return [
    {
      id: "saving-fails",
      severity: "warning",
      title: `Redis cannot save: the last ${rdbOk ? "AOF write or rewrite" : "background save"} failed`,
      because: `${count(changesSinceSave, "change")} since the last save would be lost with the process.`,
      remedies: ["repairSaving"],
    },
  ];
}

function replicationBroken({ state }: Sees, isReplica: boolean): Finding<Remedy>[] {
  if (!state.ok) return [];
  const { role, replication } = state.value;
  if (role === "replica" && replication.masterLinkUp === false)
    return [
      {
        id: "master-link-down",
        severity: "critical",
        title: "This replica has no link to its master",
        because: `The link has been silent for ${sayDuration(replication.masterSilentSeconds * 1000)}: what it serves is that old.`,
        remedies: ["repairReplication"],
      },
    ];
  if (role === "master" && isReplica)
    return [
      {
        id: "not-a-replica",
        severity: "warning",
        title: "The server meant as a replica is a master",
        because:
          "It was promoted, or forgot its master at a restart: it may take writes the other master does not have.",
        remedies: ["findMaster"],
      },
    ];
  return [];
}
