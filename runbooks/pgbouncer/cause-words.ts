import { count, type pgbouncer, sayPercent, saySeconds } from "../../src/sdk/index.ts";
import type { Cause, Waiting } from "./causes.ts";

/** A cause for the title, in a few words. */
const TITLES: Readonly<Record<Cause, string>> = {
  paused: "it is paused",
  "no-server": "there is no server connection",
  "no-name": "the bouncer knows no address for the server's name",
  "cannot-add": "no more server connections come about",
  limit: "a limit on server connections is reached",
  sessions: "connected clients keep the server connections (session pooling)",
  held: "the same clients hold the server connections all the time",
  "idle-in-transaction": "transactions stay open while the application does something else",
  slow: "transactions take long",
  small: "the pool is too small for what is asked",
  "not-given": "free server connections are not given to them",
};

export const REMEDIES = {
  paused: ["resume"],
  "no-server": ["letServersIn"],
  "no-name": ["letServersIn"],
  "cannot-add": ["letServersIn"],
  limit: ["raiseLimit"],
  sessions: ["endSessions"],
  held: ["findHolders"],
  "idle-in-transaction": ["findHolders"],
  slow: ["speedUp"],
  small: ["growPool"],
  "not-given": ["resume"],
} as const satisfies Readonly<Record<Cause, readonly string[]>>;

export const titleOf = (all: readonly Waiting[], cause: Cause): string => {
  const [first] = all;
  const clients = all.reduce((sum, { pool }) => sum + pool.waitingThroughout, 0);
  const where =
    all.length === 1 && first !== undefined ? `of "${first.pool.database}"` : `of ${all.length} pools`;
  const longest = Math.max(...all.map(({ pool }) => pool.maxWaitSeconds));
  const since = longest > 0 ? `, the first for ${saySeconds(longest)}` : "";
  return `${count(clients, "client")} ${where} ${clients === 1 ? "waits" : "wait"} for a server connection${since}: ${TITLES[cause]}`;
};

/** What was seen that makes it this cause. */
export function whyOf(
  cause: Cause,
  { pool, database, traffic, share }: Waiting,
  state: pgbouncer.BouncerState | undefined,
): string {
  const size = database?.poolSize ?? 0;
  switch (cause) {
    case "paused":
      return `PAUSE was given${database?.paused === true ? "" : " to the whole bouncer"}, and until RESUME nobody gets a server connection. Neither pool nor server is at fault.`;
    case "no-server":
      return noServer(database, state);
    case "no-name":
      return `DNS of the bouncer's machine fails, or the name ${database?.host ?? ""} does not exist; the server itself was never asked. It asks again after dns_nxdomain_ttl (15 s).`;
    case "cannot-add":
      return `It has ${pool.serverActive + pool.serverIdle + pool.serverUsed} of ${size} server connections and gets no more, although clients wait: the server lets no more in (its log says why; slots, or CONNECTION LIMIT of role or database), or a login takes long.`;
    case "limit":
      return `max_db_connections or max_user_connections is reached before the pool's own size (${size}): other pools have what this one would need.`;
    case "sessions":
      return `In session pooling a client keeps its server connection until it disconnects, working or not. All ${pool.serverActive} are taken, ${pool.held} of them by a client that sent nothing new while we looked.`;
    case "held":
      return `All ${pool.serverActive} of ${size} are taken, ${pool.held} of them by the same client all the time, without a new request. Either a long statement (or one that waits for a lock), or a transaction left open: the bouncer cannot tell them apart, the server can.`;
    case "idle-in-transaction":
      return `${sayTraffic(traffic, share)} Most of that time no statement ran: the application holds a server connection and does something else (an HTTP call, a queue) before COMMIT.`;
    case "slow":
      return `${sayTraffic(traffic, share)} The time is spent in statements: with ${size} connections there is no more to be had. A larger pool would only move the queue into the server.`;
    case "small":
      return `${sayTraffic(traffic, share)} That is quick; all ${pool.serverActive} of ${size} connections are simply in use.`;
    case "not-given":
      return `${pool.serverIdle + pool.serverUsed} server connections are free, and no client is given one: either PAUSE or SUSPEND of the whole bouncer (this version shows it nowhere), or a check of the servers (server_check_query) that does not end.`;
  }
}

function noServer(database: Waiting["database"], state: pgbouncer.BouncerState | undefined): string {
  const place = database === undefined ? "the server" : `${database.host || "the socket"}:${database.port}`;
  const retry =
    state === undefined
      ? ""
      : ` It tries again every ${state.serverLoginRetrySeconds} s (server_login_retry).`;
  const or =
    state?.state === "unknown"
      ? " Or PAUSE was given to the whole bouncer, which this version shows nowhere; then no pool has a server connection and its log holds `PAUSE command issued`."
      : "";
  return `It has not one connection to ${place}: the server is away, or turns the bouncer's login down. Its log says which (\`server login failed\`, \`connect failed\`).${retry}${or}`;
}

function sayTraffic(traffic: Waiting["traffic"], share: Waiting["share"]): string {
  if (traffic === undefined || share === undefined) return "No transaction began while we looked.";
  return `${count(traffic.transactions, "transaction")} began meanwhile and had a server connection for ${saySeconds(share.meanSeconds)} on average, ${sayPercent(share.idle)} of that without a statement.`;
}
