import { count, type Finding, mysql, rows, runbookOn, sayBytes, sqlName, z } from "../../src/sdk/index.ts";
import { ago } from "./session-words.ts";

type Channel = mysql.ReplicaChannel;

/** Whether a replica receives, applies, and how far it is behind. */
const book = runbookOn(
  "mysql",
  {
    id: "mysql-replication",
    title: "MySQL replication",
    alerts: [
      ...["MysqlSlaveIoThreadNotRunning", "MysqlSlaveSqlThreadNotRunning", "MysqlSlaveReplicationLag"],
      ...[
        "MysqlReplicationLag",
        "MySQLReplicationLag",
        "MySQLReplicationNotRunning",
        "MysqlReplicaIoThreadNotRunning",
      ],
      ...["MysqlReplicaSqlThreadNotRunning", "MySQLHeartbeatLag", "MysqlReplicaLag"],
    ],
    params: z.object({
      replica: z.boolean().default(true).describe("this connection is meant to lead to a replica"),
      lagSeconds: z
        .int()
        .min(1)
        .max(86_400)
        .default(60)
        .describe("report a replica further behind than this, in seconds"),
    }),
  },
  () => ({ replication: mysql.replication() }),
);

export const mysqlReplication = book
  .remedies({
    receive: book.advises("Let the replica receive again", "high", ({ replication }) =>
      adviseReceive((replication?.channels ?? []).find(isNotReceiving)),
    ),
    apply: book.advises("Let the replica apply again", "destructive", ({ replication }) =>
      adviseApply((replication?.channels ?? []).find(isNotApplying)),
    ),
    catchUp: book.advises(
      "Let the replica catch up",
      "low",
      "See what it applies (its processlist: the thread of replication and its statement). One long statement or a large transaction: wait. A table without a primary key under row format: each row is searched by a whole scan, give it one. The replica's disk, CPU, or a lock of a reader on it (mysql-locks there). More threads: replica_parallel_workers (MariaDB: slave_parallel_threads). Do not fail over to it meanwhile: what it has not applied would be missing for a while, what it has not received for good.",
    ),
    makeReplica: book.advises(
      "Make it a replica again, or correct the URL",
      "high",
      "Either the URL leads to the primary, or this server was promoted (find out when, and whether something was written to it), or somebody gave RESET REPLICA. Pointing a server with writes of its own at a primary mixes two databases: build it anew from a backup.",
    ),
    startThreads: book.advises(
      "Start replication where it was stopped",
      "high",
      "No error is kept: somebody stopped it (a backup, a maintenance, a failover tool), or it was not started after a restart (skip_replica_start). Ask why first, then START REPLICA (MariaDB: START SLAVE).",
    ),
  })
  .findings((find) => [
    find(["replication"], ({ replication: { channels, notSeen } }, { params }) =>
      params.replica && channels.length === 0 && (notSeen ?? []).length === 0
        ? {
            id: "no-replica",
            severity: "warning",
            title: "This server receives from nobody: it is no replica",
            because:
              "No channel is set up. What is read here is as old as the last thing that was written here.",
            remedies: ["makeReplica"],
          }
        : undefined,
    ),
    find(["replication"], ({ replication: { channels } }) => {
      const broken = channels.filter(isNotReceiving);
      const [first] = broken;
      return (
        first !== undefined && {
          id: "not-receiving",
          severity: "critical",
          title: `The replica does not receive from ${first.source}${nameOf(first)}: ${first.ioErrno === 0 ? sayThread(first.io) : `error ${first.ioErrno}`}`,
          because:
            first.ioErrno === 0
              ? "It was stopped, and no error is kept."
              : `${sayIo(first)} It says: ${first.ioError}`,
          evidence: [channelTable(channels)],
          explains: ["lag", "lag-unknown"],
          remedies: [
            first.ioErrno === 0 && first.io === "No" ? ("startThreads" as const) : ("receive" as const),
          ],
        }
      );
    }),
    find(["replication"], ({ replication: { channels } }) => {
      const [first] = channels.filter(isNotApplying);
      return (
        first !== undefined && {
          id: "not-applying",
          severity: "critical",
          title: `The replica does not apply what it receives from ${first.source}${nameOf(first)}: ${first.sqlErrno === 0 ? "stopped" : `error ${first.sqlErrno}`}`,
          because:
            first.sqlErrno === 0
              ? "It was stopped, and no error is kept."
              : `${saySql(first.sqlErrno)} It says: ${first.sqlError}`,
          evidence: [channelTable(channels)],
          explains: ["lag", "lag-unknown"],
          remedies: [first.sqlErrno === 0 ? ("startThreads" as const) : ("apply" as const)],
        }
      );
    }),
    find(["replication"], ({ replication: { channels } }, { params }) =>
      lagFinding(channels, params.lagSeconds),
    ),
    find(["replication"], ({ replication: { channels } }) => {
      const [first] = channels.filter((one) => isAtWork(one) && one.secondsBehind === null);
      return (
        first !== undefined && {
          id: "lag-unknown",
          severity: "warning",
          title: `How far the replica is behind ${first.source} is not known`,
          because: `Both threads run and the server says NULL: it has applied nothing since it began, or the thread of replication is between two states (${first.state || "it says nothing"}). NULL is not 0.`,
          evidence: [channelTable(channels)],
          remedies: ["catchUp" as const],
        }
      );
    }),
  ]);

/** `Connecting` with an error is not receiving; without one it may have begun this very moment. */
const isNotReceiving = ({ io, ioErrno }: Channel): boolean => io === "No" || (io !== "Yes" && ioErrno !== 0);
const isNotApplying = ({ sql }: Channel): boolean => sql === "No";
const isAtWork = (one: Channel): boolean => one.io === "Yes" && one.sql === "Yes";
const nameOf = ({ name }: Channel): string => (name === "" ? "" : ` (channel ${name})`);
const sayThread = (io: string): string => (io === "No" ? "stopped" : io.toLowerCase());

/** A delay that is set on purpose is none of the lag. */
function lagFinding(channels: readonly Channel[], limit: number): Finding<"catchUp"> | undefined {
  const late = channels
    .flatMap((one) =>
      one.secondsBehind === null ? [] : [{ ...one, lag: one.secondsBehind - one.delaySeconds }],
    )
    .filter(({ lag }) => lag >= limit)
    .sort((a, b) => b.lag - a.lag);
  const [first] = late;
  if (first === undefined) return undefined;
  const relay = first.relayBytes === null ? "" : ` Relay logs hold ${sayBytes(first.relayBytes)}.`;
  return {
    id: "lag",
    severity: first.lag >= limit * 10 ? "critical" : "warning",
    title: `The replica is ${ago(first.lag)} behind ${first.source}${nameOf(first)}`,
    because: `${first.delaySeconds > 0 ? `Beside the ${ago(first.delaySeconds)} it is delayed on purpose. ` : ""}${
      first.readAt === first.appliedAt
        ? "All it has received is applied or being applied: a large transaction, or receiving is what is slow."
        : "It receives, and applies more slowly than it receives."
    } It says: ${first.state || "nothing"}.${relay}`,
    evidence: [channelTable(channels)],
    remedies: ["catchUp"],
  };
}

const IO: Readonly<Record<number, string>> = {
  1045: "The account of replication is not let in: its password was changed, or it is another host's.",
  1236: "The source no longer has the binary log this replica would go on with, or cannot read it: it was purged while the replica was away, or the source was restored.",
  1593: "Both servers have the same server_id (or UUID): a copy of the data folder with its auto.cnf.",
  2003: "The source cannot be reached: it is down, or the network is in the way.",
  2013: "The connection to the source was lost while it answered.",
  2061: "The source's account wants TLS or its public key (caching_sha2_password).",
};
const sayIo = ({ ioErrno, io }: Channel): string =>
  IO[ioErrno] ?? (io === "Connecting" ? "It tries again and again to connect." : "It has given up.");

function adviseReceive(channel: Channel | undefined): string {
  const again = "then STOP REPLICA; START REPLICA (MariaDB: STOP SLAVE; START SLAVE)";
  const known: Readonly<Record<number, string>> = {
    1045: `Compare the account on the source (SELECT user, host FROM mysql.user; it needs REPLICATION SLAVE) with what the replica uses, CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD=… (MariaDB: CHANGE MASTER TO MASTER_PASSWORD=…), ${again}.`,
    1236: "Look on the source whether that log is still there (SHOW BINARY LOGS). If it was purged, this replica cannot be mended: build it anew from a backup or a clone of the source, and let binary logs live longer than the longest absence. Never skip to the first log there is: what was in between would be missing without a word.",
    1593: `Give one of them another server_id; MySQL: remove auto.cnf of the copy, too, and restart it; ${again}.`,
    2061: `Let the replica use TLS (SOURCE_SSL=1) or GET_SOURCE_PUBLIC_KEY=1, ${again}.`,
  };
  return (
    known[channel?.ioErrno ?? 0] ??
    `Try from the replica's own machine: mysql -h ${(channel?.source ?? "the source").replace(/:\d+$/, "")} with the account of replication. Is the source up (mysql-connectivity there), does a firewall stand between? It goes on by itself every minute once it can; otherwise ${again}.`
  );
}

const SQL: Readonly<Record<number, string>> = {
  1032: "A row that the source changed is not on the replica: somebody has written to the replica, or it was built from an inconsistent copy.",
  1062: "A row that the source wrote is already there: somebody has written to the replica, or it applies something twice.",
  1146: "A table is missing on the replica.",
  1205: "It waited too long for a lock that a session on the replica holds.",
  1213: "It lost a deadlock on the replica, again and again.",
  1594: "Its relay log is damaged: the replica crashed, or its disk was full.",
  1950: "GTIDs come out of order: something was written on the replica under its own server_id.",
};
const saySql = (errno: number): string => SQL[errno] ?? "A statement of the source failed on the replica.";

function adviseApply(channel: Channel | undefined): string {
  const on = channel?.name ? ` FOR CHANNEL ${sqlName(channel.name)}` : "";
  switch (channel?.sqlErrno) {
    case 1205:
    case 1213:
      return `Find who holds the lock on the replica (mysql-locks there) and end it, then START REPLICA${on}: nothing is lost.`;
    case 1594:
      return "Nothing is lost on the source: STOP REPLICA, then let it fetch again from where it had applied (with GTID: RESET REPLICA keeps the position in gtid_executed; MariaDB: relay_log_recovery=ON and a restart).";
    default:
      return `The two differ, and skipping the statement makes them differ more, without a word. Find out first how they came to: who writes to the replica (read_only off there?), and since when. One row, known: put it right on the replica by hand and START REPLICA${on}. Otherwise build the replica anew, or compare and repair with pt-table-checksum and pt-table-sync. sql_slave_skip_counter only where the statement is known to be harmless (a DROP of what is not there).`;
  }
}

const channelTable = (channels: readonly Channel[]) =>
  rows(count(channels.length, "channel"), channels, {
    channel: (one) => one.name || "(default)",
    source: (one) => one.source,
    receives: (one) => one.io,
    applies: (one) => one.sql,
    behind: (one) => (one.secondsBehind === null ? "unknown" : ago(one.secondsBehind)),
    "read at": (one) => one.readAt || "–",
    "applied at": (one) => one.appliedAt || "–",
  });
