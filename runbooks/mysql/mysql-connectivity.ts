import {
  count,
  facts,
  mysql,
  type OutputOf,
  runbookOn,
  sayBytes,
  saySeconds,
  sqlText,
  z,
} from "../../src/sdk/index.ts";
import { adviseExporter, MYSQL_MEASURING, measuredAway } from "../health/measured.ts";
import { adviseCounters, countersFinding } from "./counters.ts";
import { FREE_SPACE, spaceFinding } from "./space.ts";

const LOGIN_MS = 1_500;
const GIB = 1_073_741_824;

/** Can one get in, does it answer, may it write, and what will stop it soon: MySQL and MariaDB. */
const book = runbookOn(
  "mysql",
  {
    id: "mysql-connectivity",
    title: "MySQL connectivity",
    alerts: [
      ...["MysqlDown", "MySQLDown", "MySQLIsDown", "MariaDBDown", "MysqlUnavailable", "MysqlRestarted"],
      ...["MySQLGaleraNotReady", "MySQLGaleraOutOfSync", "MysqlInnodbLogWaits", "MysqlExporterError"],
    ],
    params: z.object({
      replica: z.boolean().default(false).describe("this connection is meant to lead to a replica"),
      latencyMs: z
        .int()
        .min(1)
        .max(10_000)
        .default(200)
        .describe("report when a trivial statement takes longer than this, in milliseconds"),
      numbersUsed: z
        .number()
        .min(0.1)
        .max(1)
        .default(0.8)
        .describe("report row numbers (AUTO_INCREMENT) of which more than this share is used"),
      binlogGiB: z
        .int()
        .min(1)
        .max(100_000)
        .default(50)
        .describe("report binary logs that hold more than this, in GiB, where nothing purges them"),
      restartedMinutes: z
        .int()
        .min(0)
        .max(10_000)
        .default(15)
        .describe("say that it was started when that was less than so many minutes ago"),
    }),
  },
  ({ params }) => ({
    connection: mysql.checkConnection(),
    state: mysql.serverState(),
    tables: mysql.tables({ used: params.numbersUsed }),
    binaryLogs: mysql.binaryLogs(),
    blocked: mysql.blockedHosts(),
  }),
).andThen(["state"], ({ state: { readOnly, superReadOnly } }) =>
  // Only there it tells more.
  readOnly === true || superReadOnly === true ? { replication: mysql.replication() } : {},
);

export const mysqlConnectivity = book
  .remedies({
    unblock: book.does(mysql.unblockHosts, ["blocked"], ({ blocked }) => {
      const addresses = blocked.hosts.map(({ address }) => address);
      return addresses.length === 0 ? undefined : { addresses };
    }),
    findCutter: book.advises("Find what cuts the connections", "low", ({ blocked }) => {
      const [one] = blocked?.hosts ?? [];
      return `See what on ${one?.address ?? "that address"} connects and does not log in: a health check of a load balancer on the port (let it log in, or ask another way), a scan, a network that cuts long handshakes, TLS that fails. SELECT * FROM performance_schema.host_cache WHERE IP = ${sqlText(one?.address ?? "")} counts the reasons apart. A wrong password is never the reason.`;
    }),
    findPrimary: book.advises("Write to the primary", "high", ({ state }) =>
      [
        "Find which server takes writes (`SELECT @@read_only` is 0 there) and point the URL at it.",
        `If this one should: first be certain that the old primary is stopped, and that this one has applied all it received (mysql-replication); then SET GLOBAL ${state?.superReadOnly === true ? "super_read_only = OFF, GLOBAL " : ""}read_only = OFF, and take read_only out of its configuration, where a restart would bring it back.`,
      ].join(" "),
    ),
    lockReplica: book.advises(
      "Let the replica take no writes",
      "low",
      "SET GLOBAL read_only = ON (MySQL: super_read_only = ON, which holds for administrators, too) and the same in its configuration. Look first whether somebody writes to it already: what is written there is not on the primary, and stops replication when it collides.",
    ),
    leaveOffline: book.advises(
      "Let clients in again",
      "high",
      "Find out who set offline_mode (an operator, Group Replication after it left the group: group_replication_exit_state_action). Then SET GLOBAL offline_mode = OFF.",
    ),
    bringNodes: book.advises(
      "Bring the cluster's majority back",
      "high",
      "See which nodes are away (SHOW STATUS LIKE 'wsrep_%': cluster_size, incoming_addresses) and why (network, crash). When they come back the node goes on by itself. Only if the others are certainly down: choose the one with the highest wsrep_last_committed and SET GLOBAL wsrep_provider_options='pc.bootstrap=YES' there; on two halves at once that makes two databases.",
    ),
    speedUp: book.advises(
      "Find what makes it slow",
      "low",
      "Slow TCP is the network; slow login is the look-up of the client's name (skip_name_resolve=ON ends it, accounts by name then no longer match), TLS, or a machine that can hardly start a thread; slow statements are load: run mysql-slow-queries and mysql-locks, and look at CPU and storage waits.",
    ),
    widen: book.advises("Give the row numbers room", "high", ({ tables }) =>
      adviseCounters(tables?.counters ?? []),
    ),
    freeSpace: book.advises(...FREE_SPACE),
    expireLogs: book.advises("Let binary logs expire", "high", ({ state, binaryLogs }) =>
      [
        "Look first what every replica and backup has read (mysql-replication there: what it reads): a log that is purged too early means building that replica anew.",
        `Then PURGE BINARY LOGS BEFORE NOW() - INTERVAL 7 DAY, and for the future SET GLOBAL ${state?.flavour === "mariadb" ? "expire_logs_days = 7" : "binlog_expire_logs_seconds = 604800"} (and in the configuration). Never remove the files by hand${binaryLogs?.files == null ? "" : `: ${count(binaryLogs.files, "file")} stand in the index`}.`,
      ].join(" "),
    ),
    findRestart: book.advises(
      "Find out why it was restarted",
      "low",
      "Read its error log before the start: `Normal shutdown` is an operator, a package's update or the container's runtime; `got signal 11` or an assertion is a crash, with its stack; nothing at all is the out-of-memory killer (kernel log), a power loss, or kill -9. Until the buffer pool is warm again statements are slower.",
    ),
    lookAtExporter: book.advises("Look at what measures it", "low", adviseExporter(MYSQL_MEASURING)),
  })
  .findings((find) => [
    find(["connection"], ({ connection }, { params }) => {
      const { dnsMs, tcpMs, loginMs, pingMedianMs, pingWorstMs } = connection;
      const slow = slowestPart(connection, params.latencyMs);
      return (
        slow !== undefined && {
          id: "slow-answers",
          severity: "warning",
          title: `MySQL answers slowly: ${slow}`,
          because: `Name ${ms(dnsMs)}, TCP ${ms(tcpMs)}, login ${ms(loginMs)}, SELECT 1 ${ms(pingMedianMs)} (worst of ten ${ms(pingWorstMs)}).`,
          evidence: [
            facts({ name: ms(dnsMs), tcp: ms(tcpMs), login: ms(loginMs), "SELECT 1": ms(pingMedianMs) }),
          ],
          remedies: ["speedUp" as const],
        }
      );
    }),
    find(["state"], ({ state }) => spaceFinding(state)),
    find(["state"], ({ state: { clusterStatus, clusterReady } }) =>
      clusterStatus !== null && (clusterStatus !== "Primary" || clusterReady === false)
        ? {
            id: "cluster-parted",
            severity: "critical",
            title: `This node of the Galera cluster takes no statements (${clusterStatus})`,
            because:
              clusterStatus === "Primary"
                ? "wsrep_ready is off: the node joins, gives its state to another, or has left by itself after an error."
                : "It has lost the majority of its cluster, and refuses to go on alone so that there are not two databases.",
            remedies: ["bringNodes"],
          }
        : undefined,
    ),
    find(
      ["state"],
      ({ state }) =>
        state.offlineMode === true && {
          id: "offline-mode",
          severity: "critical",
          title: "MySQL is in offline mode: only administrators get in (3032)",
          because: "offline_mode is on: every other session was ended, and new ones are refused.",
          remedies: ["leaveOffline" as const],
        },
    ),
    find(["state", "replication?"], ({ state: { readOnly, superReadOnly }, replication }, { params }) => {
      const isReadOnly = readOnly === true || superReadOnly === true;
      if (isReadOnly && !params.replica)
        return {
          id: "read-only",
          severity: "critical",
          title: "MySQL is read-only: writes fail (1290)",
          because: `${superReadOnly === true ? "super_read_only" : "read_only"} is on. ${sayWhyReadOnly(replication)}`,
          remedies: ["findPrimary"],
        };
      return readOnly === false && params.replica
        ? {
            id: "writable-replica",
            severity: "warning",
            title: "The server meant as a replica takes writes",
            because:
              "read_only is off: it was promoted, or nobody has set it. What is written here is not on the primary.",
            remedies: ["lockReplica"],
          }
        : undefined;
    }),
    find(["tables"], ({ tables }) => countersFinding(tables.counters)),
    find(["state"], ({ state }, context) => measuredAway(context, state.uptimeSeconds, MYSQL_MEASURING)),

    find(["binaryLogs"], ({ binaryLogs: { bytes, files, expireSeconds } }, { params }) =>
      bytes !== null && expireSeconds === 0 && bytes >= params.binlogGiB * GIB
        ? {
            id: "binary-logs-kept",
            severity: "warning",
            title: `Binary logs hold ${sayBytes(bytes)} and never expire`,
            because: `${count(files ?? 0, "file")}, and the server is set to purge none. They grow until the disk is full, and then no write goes on.`,
            remedies: ["expireLogs"],
          }
        : undefined,
    ),
    find(["blocked"], ({ blocked: { hosts, limit } }) => {
      const [one] = hosts;
      return (
        one !== undefined && {
          id: "hosts-blocked",
          severity: "warning",
          title: `MySQL lets nobody in from ${hosts.length === 1 ? one.address : `${one.address} and ${count(hosts.length - 1, "other address", "other addresses")}`} (1129)`,
          because: `${count(one.errors, "connection")} in a row from ${one.address} broke off before the login had ended (max_connect_errors is ${limit ?? "?"}). Everybody on that address is refused until it is lifted, whatever their password.`,
          evidence: [
            facts(Object.fromEntries(hosts.slice(0, 10).map(({ address, errors }) => [address, errors]))),
          ],
          remedies: ["unblock" as const, "findCutter" as const],
        }
      );
    }),
    find(["state"], ({ state: { uptimeSeconds } }, { params }) =>
      uptimeSeconds !== null && uptimeSeconds < params.restartedMinutes * 60
        ? {
            id: "restarted",
            severity: "info",
            title: `MySQL was started ${saySeconds(uptimeSeconds)} ago`,
            because:
              "Sessions and what was in memory before are gone. Somebody restarted it, or it crashed and came back.",
            remedies: ["findRestart"],
          }
        : undefined,
    ),
  ]);

const ms = (value: number | null): string =>
  value === null ? "–" : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

interface Took {
  readonly tcpMs: number | null;
  readonly loginMs: number;
  readonly pingMedianMs: number;
}

function slowestPart({ tcpMs, loginMs, pingMedianMs }: Took, limitMs: number): string | undefined {
  if (pingMedianMs > limitMs) return `SELECT 1 takes ${ms(pingMedianMs)}`;
  if (loginMs > Math.max(LOGIN_MS, limitMs)) return `the login takes ${ms(loginMs)}`;
  return tcpMs !== null && tcpMs > Math.max(LOGIN_MS, limitMs)
    ? `the TCP connection takes ${ms(tcpMs)}`
    : undefined;
}

/** Whether it follows another server tells what kind of read-only it is. */
function sayWhyReadOnly(replication: OutputOf<typeof mysql.replication> | undefined): string {
  if (replication === undefined || (replication.notSeen ?? []).length > 0)
    return "Either the URL leads to a replica, or a failover (or a tool that watches over it) left this server so. A replica that is meant: say replica=true.";
  const [source] = replication.channels;
  return source === undefined
    ? "It follows no other server, so it is no replica: an old primary that a failover (orchestrator, a provider) has put aside, or somebody has set it by hand, or a provider whose storage is used up. Writes may go to another server by now: find that first."
    : "It follows another server: the URL leads to a replica. One that is meant: say replica=true.";
}
