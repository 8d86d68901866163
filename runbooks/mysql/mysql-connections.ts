import {
  count,
  facts,
  mysql,
  orThreshold,
  rows,
  runbookOn,
  sayBytes,
  sayPercent,
  z,
} from "../../src/sdk/index.ts";
import { ago, toEnd } from "./session-words.ts";

type Usage = mysql.ConnectionUsage;

/** Connections against their limit, who holds them, and who comes and goes. */
const book = runbookOn(
  "mysql",
  {
    id: "mysql-connections",
    title: "MySQL connections",
    alerts: [
      ...[
        "MysqlTooManyConnections",
        "MySQLTooManyConnections",
        "MysqlConnectionsHigh",
        "MySQLConnectionsHigh",
      ],
      ...[
        "MysqlTooManyConnections(>80%)",
        "MysqlHighThreadsRunning",
        "MySQLHighThreadsRunning",
        "MysqlAbortedConnections",
      ],
      ...["MysqlConnectionErrors", "MysqlMaxConnectionsReached", "MysqlHighPreparedStatementsUtilization"],
    ],
    params: z.object({
      idleMinutes: orThreshold(
        "idleMinutes",
        "sessions asleep for longer than this may be ended",
        z.int().min(0).max(1440),
      ),
      newPerSecond: z
        .number()
        .positive()
        .max(100_000)
        .default(20)
        .describe("new connections a second from which clients are said not to keep them"),
      running: z
        .int()
        .min(1)
        .max(100_000)
        .default(40)
        .describe("report when more statements than this run at once"),
    }),
  },
  ({ params }) => ({
    usage: mysql.connectionUsage({ idleSeconds: params.idleMinutes * 60 }),
    counters: mysql.sample({ seconds: 3 }),
  }),
);

export const mysqlConnections = book
  .remedies({
    endIdle: book.does(
      mysql.killConnections,
      ["usage"],
      ({ usage }, { params }) => {
        const sessions = toEnd(usage.idle);
        return sessions.length === 0
          ? undefined
          : { sessions, because: { asleepSeconds: params.idleMinutes * 60 } };
      },
      {
        title: "End sessions that have been asleep for long",
        recheck: ["usage"],
        holds: ({ usage }, _done, { thresholds }) => (ratioOf(usage) ?? 1) < thresholds.connections,
      },
    ),
    raiseLimit: book.does(
      mysql.setMaxConnections,
      ["usage"],
      ({ usage: { max } }) =>
        max === null ? undefined : { from: max, to: max + Math.max(10, Math.round(max * 0.25)) },
      { title: "Allow a quarter more connections until the next restart" },
    ),
    sizePools: book.advises("Fit the pools to the server", "high", ({ usage }) => {
      const holders = (usage?.clients ?? [])
        .slice(0, 3)
        .map(({ user, host, total }) => `${user} from ${host}: ${total}`);
      return `Pool size × processes, summed over all applications, must stay below ${usage?.max ?? "max_connections"} with a tenth to spare, also while a deployment runs old and new side by side. Now: ${holders.join("; ") || "hidden"}. A pool gives back what it does not need where it closes idle connections (HikariCP idleTimeout, SQLAlchemy pool_recycle); ProxySQL or MaxScale shares a few among many. wait_timeout (28800 s by default) ends what everybody forgot: 600 is enough for pools that test a connection before they use it. Each session may take ${usage?.sessionBytes == null ? "its buffers" : sayBytes(usage.sessionBytes)} of buffers.`;
    }),
    findLoad: book.advises("Find what keeps the sessions busy", "low", ({ usage }) =>
      waitingOf(usage) > 0
        ? `${count(waitingOf(usage), "session")} ${waitingOf(usage) === 1 ? "waits" : "wait"} for a lock and keep their connection meanwhile: run mysql-locks, it names who is in the way and can end it. More connections would only wait, too.`
        : "The sessions work: run mysql-slow-queries, it shows what runs for how long and can end it. More connections would only make each statement slower.",
    ),
    keepConnections: book.advises(
      "Keep connections",
      "low",
      ({ usage }) =>
        `Use a pool in ${usage?.clients[0] === undefined ? "the application" : `${usage.clients[0].user} (from ${usage.clients[0].host})`}, made once when it starts; PHP: persistent connections or ProxySQL in front. Each login costs a thread, TLS and a name look-up. Processes that start one after another (a crash loop, a cron of every minute, a health check that logs in) look the same.`,
    ),
    findAborted: book.advises(
      "Find who fails to log in",
      "low",
      "The error log says it with log_warnings=2 (MySQL: log_error_verbosity=3): `Access denied` is a wrong secret after a rotation, `Got an error reading communication packets` a health check or a network that cuts, `Got timeout` connect_timeout. mysql-connectivity says whether an address is blocked already.",
    ),
    speedLogin: book.advises(
      "Speed up the login",
      "high",
      "Sessions of `unauthenticated user` wait for their name (reverse DNS) or for the client's answer. Ask the name server for the client's address (`dig -x`), or set skip_name_resolve=ON (a restart; accounts by host name then no longer match). Many at once after a network cut, or a scan, go away by themselves after connect_timeout.",
    ),
  })
  .findings((find) => [
    find(["usage"], ({ usage }, { thresholds, params }) => {
      const ratio = ratioOf(usage);
      if (ratio === null || ratio < thresholds.connections) return undefined;
      const idle = toEnd(usage.idle).length;
      const isBusy = usage.running !== null && usage.used !== null && usage.running >= usage.used / 2;
      return {
        id: "connections-taken",
        severity: ratio >= 0.95 ? "critical" : "warning",
        title: `${usage.used} of ${usage.max} MySQL connections are taken (${sayPercent(ratio)})${sayHolder(usage)}`,
        because: `${sayStates(usage)}${idle > 0 ? ` ${usage.idleTotal} have been asleep for over ${ago(params.idleMinutes * 60)} and are in no transaction.` : ""} At the limit logins fail with 1040.`,
        evidence: [figures(usage), ...clientTable(usage)],
        remedies: [
          ...(idle > 0 ? (["endIdle"] as const) : []),
          ...(isBusy ? (["findLoad"] as const) : []),
          "sizePools" as const,
          ...(ratio >= 0.95 && !isBusy ? (["raiseLimit"] as const) : []),
        ],
      };
    }),
    find(["counters", "usage?"], ({ counters: { grown, seconds } }) => {
      const turned = grown.turnedAway ?? 0;
      return (
        turned > 0 && {
          id: "turned-away",
          severity: "critical",
          title: `${count(turned, "login")} ${turned === 1 ? "was" : "were"} turned away just now (1040)`,
          because: `Within ${Math.round(seconds)} s: the server had as many connections as it takes.`,
          explains: [],
          remedies: ["sizePools" as const],
        }
      );
    }),
    find(["counters", "usage?"], ({ counters: { grown, seconds }, usage }, { params }) => {
      const rate = (grown.connections ?? 0) / Math.max(0.1, seconds);
      return (
        rate >= params.newPerSecond && {
          id: "not-kept",
          severity: "warning",
          title: `${Math.round(rate)} new connections a second`,
          because: `Seen for ${Math.round(seconds)} s. Clients make a connection for each request instead of keeping it, or processes start one after another. To tell them apart: the same a minute later, and whether the hosts below change.`,
          evidence: usage === undefined ? [] : [...clientTable(usage)],
          remedies: ["keepConnections" as const],
        }
      );
    }),
    find(["counters"], ({ counters: { grown, seconds } }) => {
      const aborted = grown.abortedLogins ?? 0;
      return (
        aborted >= 3 && {
          id: "aborted-logins",
          severity: "warning",
          title: `${count(aborted, "login")} failed within ${Math.round(seconds)} s`,
          because:
            "Either a client has the wrong password, or connections break off before the login has ended (a health check that only connects, a network, TLS). To tell them apart: the server's error log.",
          remedies: ["findAborted" as const],
        }
      );
    }),
    find(["counters", "usage?"], ({ counters: { running }, usage }, { params }) => {
      if (running === null || running < params.running) return undefined;
      return {
        id: "many-running",
        severity: "warning",
        title: `${running} statements run at once`,
        because: `At both looks, a few seconds apart. A server with as many as it has processors (twice that with fast disks) does most; more only wait for each other.${waitingOf(usage) > 0 ? ` ${waitingOf(usage)} of them wait for a lock.` : ""}`,
        evidence: usage === undefined ? [] : [...clientTable(usage)],
        remedies: ["findLoad"],
      };
    }),
    find(
      ["usage"],
      ({ usage }) =>
        usage.loggingIn >= 5 && {
          id: "logging-in",
          severity: "warning",
          title: `${usage.loggingIn} connections are still logging in`,
          because:
            "A login takes milliseconds. They wait for the look-up of their name, for TLS, or for a client that says nothing.",
          remedies: ["speedLogin" as const],
        },
    ),
  ]);

const ratioOf = ({ used, max }: Usage): number | null =>
  used === null || max === null || max === 0 ? null : used / max;

const waitingOf = (usage: Usage | undefined): number =>
  (usage?.clients ?? []).reduce((sum, one) => sum + one.waiting, 0);

function sayHolder({ clients, used }: Usage): string {
  const [top] = clients;
  return top === undefined || used === null || top.total < used / 2
    ? ""
    : `, mostly by ${top.user} from ${top.host}`;
}

function sayStates({ clients }: Usage): string {
  const [top] = clients;
  if (top === undefined) return "Whose they are is hidden from diagbot's user (PROCESS).";
  const [asleep, running] = [clients, clients].map((all, n) =>
    all.reduce((sum, one) => sum + (n === 0 ? one.asleep : one.running), 0),
  );
  return `${asleep} of them sleep, ${running} run a statement; ${top.user} from ${top.host} holds the most: ${top.total}, ${top.asleep} of them asleep.`;
}

const figures = ({ used, max, mostUsed, running, maxPerUser, turnedAway }: Usage) =>
  facts({
    used: used ?? "?",
    max_connections: max ?? "?",
    running: running ?? "?",
    "most since the start": mostUsed ?? "?",
    "turned away since the start": turnedAway ?? "?",
    max_user_connections: maxPerUser ?? "?",
  });

const clientTable = ({ clients }: Usage) =>
  clients.length === 0
    ? []
    : [
        rows("Sessions by client", clients, {
          user: (one) => one.user,
          from: (one) => one.host,
          database: (one) => one.database || "–",
          sessions: (one) => one.total,
          asleep: (one) => one.asleep,
          "asleep for": (one) => ago(one.longestAsleepSeconds),
          running: (one) => one.running,
          "wait for a lock": (one) => one.waiting,
        }),
      ];
