import { count, facts, redis, runbookOn, sayPercent, saySeconds, valueIn, z } from "../../src/sdk/index.ts";
import { adviseExporter, measuredAway, REDIS_MEASURING } from "../health/measured.ts";
import { copiesAdvice, copiesAgain } from "./copies.ts";
import { deniedFindings, LOGINS_ADVICE, OPEN_ADVICE, openFinding, rightsAdvice } from "./denied.ts";
import { MODULE_ADVICE, masterAdvice, masterFinding, moduleFinding } from "./intrusion.ts";
import { roleOf, swappedOut } from "./memory.ts";
import {
  DUE_ADVICE,
  FORK_ADVICE,
  forkFinding,
  HANGS_ADVICE,
  NOTHING_ADVICE,
  savingFinding,
} from "./saving.ts";
import { busyFinding, cheaperAdvice, lighterAdvice, slowFinding } from "./slow.ts";
import { PATH_ADVICE, slowAnswers } from "./slow-answers.ts";
import { clientRows } from "./taker.ts";

const ms = (value: number) => saySeconds(value / 1000);

/** Can one get in, does it answer in time, does it take writes, can it save. Guides: Redis connection, cache slow. */
const book = runbookOn(
  "redis",
  {
    id: "redis-connectivity",
    title: "Redis connectivity",
    covers: [
      "sergas-agents.cache-slow",
      "sergas-agents.cache-performance",
      "resync.slow-responses",
      "sergas-agents.quick-reference",
    ],
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
    explains: ["busy", "compromised", "cluster"],
  },
  () => ({
    connection: redis.checkConnection(),
    state: redis.serverState(),
    write: redis.checkWrite(),
    slow: redis.slowCommands(),
    rates: redis.sampleRates({ seconds: 2 }),
    clients: redis.listClients(),
    signs: redis.lookForIntrusion(),
  }),
);

export const redisConnectivity = book
  .remedies({
    killScript: book.does(redis.killScript, [], () => ({}), {
      title: "End the script that holds the server",
    }),
    isolate: book.advises("Isolate it, keep the evidence, build it anew", "high", (seen) =>
      said(seen, "compromised"),
    ),
    nameMaster: book.advises("Find out whose master it is", "high", ({ state }, { system }) =>
      masterAdvice(state, system.connections),
    ),
    nameModule: book.advises("Find out whose module it is", "low", MODULE_ADVICE),
    findMaster: book.advises("Write to the master", "high", (seen) => said(seen, "read-only")),
    findSlowCommands: book.advises("Make the slow commands cheaper", "low", cheaperAdvice),
    spreadLoad: book.advises("Send it less, or spread it", "low", ({ rates }) => lighterAdvice(rates)),
    lookAtPath: book.advises("Look at the way to it, and at its machine", "low", PATH_ADVICE),
    findMemory: book.advises(
      "Give Redis its memory back",
      "high",
      "The machine has too little memory: run high-memory to see who takes it. A container's or pod's higher limit restarts Redis (fail over first, look at persistence) and does not change maxmemory: set that separately, well below the limit. Swap comes back by itself only when the keys are read; a failover to a replica with memory is quicker.",
    ),
    repairSaving: book.advises("Repair saving", "high", (seen) => said(seen, "saving-fails")),
    endHangingSave: book.advises("Find what the save waits for", "high", HANGS_ADVICE),
    saveNow: book.advises("Begin the save that is due", "low", DUE_ADVICE),
    startSaving: book.advises("Save what must stay", "low", NOTHING_ADVICE),
    forkLess: book.advises("Fork more seldom", "low", FORK_ADVICE),
    giveRights: book.advises("Give exactly the rights that are missing", "low", rightsAdvice),
    findLogins: book.advises("Find who logs in with what", "low", LOGINS_ADVICE),
    closeIt: book.advises("Find out which server it is, and close it", "high", OPEN_ADVICE),
    repairReplication: book.advises("Repair replication", "high", (seen) => said(seen, "master-link-down")),
    findReplica: book.advises("Look at the replica", "low", (seen) => said(seen, "replica-behind")),
    repairCluster: book.advises("Repair the cluster", "high", (seen) => said(seen, "cluster")),
    replaceNode: book.advises("Bring the node back, or replace it", "high", (seen) =>
      said(seen, "cluster-nodes-gone"),
    ),
    growBuffers: book.advises("Let one copy get through", "high", copiesAdvice),
    freeClients: book.advises("Find who holds the connections", "low", ({ state, clients }) =>
      `${holders(clients)} CLIENT LIST grouped by \`name\` and \`addr\` shows all: mostly a client made per request or workers that are never closed.${state?.clients.max === undefined || state.clients.max === null ? "" : ` maxclients is ${state.clients.max}; raising it (CONFIG SET maxclients) is bounded by the process's open files.`} \`timeout 300\` closes clients that have been idle for long (not subscribers).`.trim(),
    ),
    keepConnections: book.advises("Keep connections open", "low", ({ clients }) =>
      `${holders(clients)} One client per process that stays open (a pool with a fixed size) in place of one per request or job; functions and PHP want a proxy or persistent connections.`.trim(),
    ),
    recover: book.advises(
      "Get Redis back",
      "high",
      "SCRIPT KILL (or FUNCTION KILL) is refused once it has written (UNKILLABLE): then wait for its end. Stopping the server instead (SHUTDOWN NOSAVE) loses everything since the last save; where jobs or sessions live here, wait.",
    ),
    lookAtExporter: book.advises("Look at what measures it", "low", adviseExporter(REDIS_MEASURING)),
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
          // SCRIPT KILL ends no command of a module.
          remedies: /module/i.test(busy.error.message) ? ["findSlowCommands"] : ["killScript", "recover"],
        }
      );
    }),
    find.seen(["write", "signs"], ({ write, signs }) => {
      const refusal = redis.failuresIn({ write }).find(({ id }) => id === "compromised");
      const found = signs.ok ? redis.standingOf({ signs: signs.value.signs })[0] : undefined;
      const cause = found ?? refusal;
      return (
        cause !== undefined && {
          ...{ id: cause.id, severity: cause.severity, title: cause.title, because: cause.because },
          damage: "security",
          explains: redis.FOLLOWS_FROM_INTRUSION,
          remedies: ["isolate"],
        }
      );
    }),
    find(["state"], ({ state }, { system }) => masterFinding(state, system.connections, "nameMaster")),
    find(["signs"], ({ signs }) => moduleFinding(signs.unknownModules, "nameModule")),
    find.seen(["connection", "state", "write", "slow", "rates", "signs"], (seen, { params }) => {
      const [state, rates] = [valueIn(seen.state), valueIn(seen.rates)];
      // Said by the refusal itself.
      const isSaid = !seen.write.ok && seen.write.error.detail === "MISCONF";
      const standing = redis.standingOf({ state, rates });
      // Its own count of slots says more than the refusal.
      const refused = standing.some(({ id }) => id === "cluster")
        ? []
        : redis.failuresIn(seen).filter(({ id }) => id === "cluster");
      return [...refused, ...standing]
        .filter((one) => !(isSaid && one.id === "saving-fails") && !(params.replica && isMeant(one)))
        .map(({ id, severity, title, because }) => ({
          ...{ id, severity, title, because },
          explains: id === "master-link-down" ? ["loading", "master-down", "slow-answers"] : [],
          restsOn: id === "cluster" ? ["write" as const] : [],
          remedies: [...(STANDING[id] ?? [])],
        }));
    }),
    find(["state", "rates?", "clients?"], ({ state, rates, clients }) =>
      copiesAgain(state, rates, clients, "growBuffers"),
    ),
    find(["state"], ({ state }, context) =>
      savingFinding(state, roleOf(context), context, {
        ...{ hangs: "endHangingSave", nothing: "startSaving", due: "saveNow" },
      }),
    ),
    find(["state"], ({ state }) => forkFinding(state, "forkLess")),
    find(["state"], ({ state }, context) => measuredAway(context, state.uptimeSeconds, REDIS_MEASURING)),

    find(["clients"], ({ clients }) =>
      deniedFindings(clients.denied, { rights: "giveRights", logins: "findLogins" }),
    ),
    find(["state"], ({ state }) => swappedOut(state.memory, "findMemory")),
    find(["connection", "rates?"], ({ connection, rates }, { params: { latencyMs } }) =>
      slowAnswers(connection, rates, latencyMs, { path: "lookAtPath", commands: "findSlowCommands" }),
    ),
    find(["slow?", "rates?"], ({ slow, rates }, { params: { slowMs } }) =>
      slowFinding(slow, rates, slowMs, "findSlowCommands"),
    ),
    find(["connection"], ({ connection }) => openFinding(connection, "closeIt")),
    find(["rates"], ({ rates }) => busyFinding(rates, "spreadLoad")),
    find(["state", "clients?"], ({ state, clients }, { thresholds }) => {
      const { connected, max, blocked } = state.clients;
      return (
        connected !== null &&
        max !== null &&
        max > 0 &&
        connected / max >= thresholds.connections && {
          id: "clients-near-limit",
          severity: connected / max >= 0.95 ? "critical" : "warning",
          title: `${connected} of ${max} Redis clients are connected (${sayPercent(connected / max)})`,
          because: `At maxclients new ones are turned away; ${state.totals.rejectedConnections} were since the start. ${blocked ?? "Some"} wait in blocking commands, which is normal for workers.`,
          evidence: clientRows(clients),
          remedies: ["freeClients"],
        }
      );
    }),
    find(["rates", "state", "clients?"], ({ rates, state, clients }) => {
      const perSecond = rates.newConnections / rates.seconds;
      return (
        perSecond >= MANY_CONNECTIONS && {
          id: "connection-churn",
          severity: "warning",
          title: `${Math.round(perSecond)} new connections a second, while ${state.clients.connected ?? "some"} are open`,
          because: `Counted over ${ms(rates.seconds * 1000)}: clients connect per request instead of keeping a connection. Each costs a login (and a TLS handshake) of the one thread that serves everybody, and a port for a minute.`,
          evidence: clientRows(clients),
          remedies: ["keepConnections"],
        }
      );
    }),
    find(
      ["state"],
      ({ state: { role } }, { params }) =>
        role === "master" &&
        params.replica && {
          id: "not-a-replica",
          severity: "warning",
          title: "The server meant as a replica is a master",
          because:
            "It was promoted, or forgot its master at a restart: it may take writes the other master does not have.",
          remedies: ["findMaster"],
        },
    ),
  ]);

/** How a server that is meant to be a replica should be. */
const isMeant = ({ id, severity }: { readonly id: string; readonly severity: string }): boolean =>
  id === "replica" || (id === "read-only" && severity === "warning");

/** A second. */
const MANY_CONNECTIONS = 100;

/** What is done about how a server stands; none: it is as it should be. */
const STANDING: Readonly<
  Record<
    string,
    readonly (
      | "findMaster"
      | "findReplica"
      | "repairSaving"
      | "repairReplication"
      | "repairCluster"
      | "replaceNode"
    )[]
  >
> = {
  "read-only": ["findMaster"],
  "master-link-down": ["repairReplication"],
  "saving-fails": ["repairSaving"],
  cluster: ["repairCluster"],
  "cluster-nodes-gone": ["replaceNode"],
  "replica-behind": ["findReplica"],
  replica: [],
  "cluster-node": [],
};

interface Seen {
  readonly state?: redis.RedisState;
  readonly rates?: redis.RedisRates;
  readonly signs?: { readonly signs: readonly string[] };
}

/** The advice of the connector's own judgement. */
function said({ state, rates, signs }: Seen, id: string): string {
  const own = redis.standingOf({ state, rates, signs: signs?.signs }).find((one) => one.id === id)?.advice;
  return own ?? OTHERWISE[id] ?? "";
}

/** Where the finding rests on something else than the state. */
const OTHERWISE: Readonly<Record<string, string>> = {
  "read-only":
    "INFO replication names the master (master_host). Point the URL there, or use Sentinel's or the service's primary name, which follows failovers.",
  cluster:
    "CLUSTER INFO and CLUSTER NODES on several nodes: which slots are missing, who is marked `fail`, and do all see the same? Bring the failed master or its replica back; `redis-cli --cluster check <node>` names open slots. `cluster fix` moves slots: only once the nodes are back or given up.",
  compromised: redis.standingOf({ signs: ["its configuration"] })[0]?.advice ?? "",
};

function holders(clients: { readonly groups: readonly redis.ClientGroup[] } | undefined): string {
  const most = [...(clients?.groups ?? [])].sort((a, b) => b.connections - a.connections)[0];
  return most === undefined
    ? ""
    : `${most.name || "Unnamed clients"} from ${most.address} hold${most.name ? "s" : ""} most: ${count(most.connections, "connection")}.`;
}
