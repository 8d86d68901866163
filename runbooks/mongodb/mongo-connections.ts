import {
  count,
  type Evidence,
  facts,
  mongodb,
  type OutputOf,
  orThreshold,
  rows,
  runbookOn,
  sayPercent,
  z,
} from "../../src/sdk/index.ts";
import { adviseExporter, MONGODB_MEASURING, measuredAway } from "../health/measured.ts";
import { limitOf, type PoolDoubt, poolsInDoubt, sayClient } from "./pools.ts";

type State = OutputOf<typeof mongodb.state>;
type Clients = OutputOf<typeof mongodb.clients>;

/** Whose limit it is that nobody gets a connection: the server's, its file handles', or the pool of the application's driver. */
const book = runbookOn(
  "mongodb",
  {
    id: "mongo-connections",
    title: "MongoDB connections",
    covers: [
      "ai-saas.mongo-pool-exhausted",
      "ai-saas.mongo-pool-size",
      "ai-saas.mongo-connection-monitoring",
      "ai-saas.mongo-pooling-pattern",
    ],
    alerts: [
      "MongodbTooManyConnections",
      "MongoDBTooManyConnections",
      "MongoDBConnectionsHigh",
      "MongodbDown",
      "MongoDBPoolExhausted",
    ],
    params: z.object({
      used: orThreshold(
        "connections",
        "share of the server's connections that is too much",
        z.number().min(0.05).max(1),
      ),
      poolSize: z
        .int()
        .min(1)
        .max(10_000)
        .default(100)
        .describe(
          "connections of one pool (maxPoolSize of the application); the drivers' own default is 100",
        ),
      newPerSecond: z
        .number()
        .positive()
        .max(100_000)
        .default(10)
        .describe("new connections a second from which clients are said not to keep them"),
    }),
  },
  () => ({ state: mongodb.state(), clients: mongodb.clients() }),
);

const held = (clients: Clients | undefined): Evidence[] =>
  clients === undefined
    ? []
    : [
        rows("", clients.clients, {
          application: (one) => (one.application === "" ? "(says nothing)" : one.application),
          host: (one) => one.host,
          connections: (one) => one.connections,
          active: (one) => one.active,
          user: (one) => one.user,
          driver: (one) => one.driver,
        }),
      ];

const figures = ({ now: { connections }, since, seconds }: State): Evidence =>
  facts({
    current: connections.current ?? "?",
    limit: limitOf(connections) ?? "?",
    active: connections.active ?? "?",
    [`new a second (${Math.round(seconds)} s)`]: since.connectionsCreated ?? "?",
    "turned away since the start": connections.rejected ?? "?",
  });

/** Whether the file handles hold the limit down: mongod takes four fifths of them (docs, "ulimit"). */
const isHeldByHandles = ({ configuredConnections, now, warnings }: State): boolean => {
  const limit = limitOf(now.connections);
  if (limit === undefined) return false;
  const isBelow = configuredConnections !== null && limit < configuredConnections;
  return isBelow || warnings.some((line) => /rlimits? for open file descriptors too low/i.test(line));
};

export const mongoConnections = book
  .remedies({
    endIdle: book.advises("Give back what is not used", "low", ({ clients, state }) => {
      const [most] = clients?.clients ?? [];
      const limit = state === undefined ? undefined : limitOf(state.now.connections);
      const processes = clients?.clients.length ?? 0;
      return `Most are held by ${most === undefined ? "an application" : sayClient(most)}. Its processes × \`maxPoolSize\` of all clients have to fit ${limit ?? "the limit"} with a tenth to spare: with ${count(processes, "client")} seen that is at most ${limit === undefined ? "?" : Math.max(1, Math.floor((limit * 0.9) / Math.max(1, processes)))} each. \`maxIdleTimeMS=60000\` gives back what a peak has opened. A larger limit on the server costs about 1 MiB each.`;
    }),
    raiseHandles: book.advises(
      "Give the server more file handles",
      "high",
      "`LimitNOFILE=64000` in its unit (`systemctl edit mongod`) or `--ulimit nofile=64000:64000` of its container, then restart it, secondaries first. Only where clients hold what they need: a leak fills the larger limit, too.",
    ),
    useOneClient: book.advises(
      "Keep one client for the life of the process",
      "low",
      ({ clients }) =>
        `Make the client once when ${clients?.clients[0] === undefined ? "the application" : sayClient(clients.clients[0])} starts, and use it everywhere; it is a pool. A client that is made for each request (or each function call, or after each fork) logs in anew every time, which costs more than the query. \`minPoolSize\` and \`maxIdleTimeMS\` keep a pool from opening and closing all the while.`,
    ),
    findSlow: book.advises(
      "Find what its operations wait for",
      "low",
      ({ clients }, { params }) =>
        `All connections of ${poolsInDoubt(clients, params.poolSize).map(sayClient).slice(0, 3).join(", ")} are at work. Run mongo-slow-queries first: a pool is full because operations take long, and a larger one sends more of them at once. Only where they are short and the server has room, raise \`maxPoolSize\`; \`waitQueueTimeoutMS\` says how long a caller waits. Whether callers wait, the server cannot see: the application's own pool events (\`connectionCheckOutFailed\`) say it. \`pool_size\` and \`max_overflow\` are SQLAlchemy's words and no options of MongoDB's drivers.`,
    ),
    lookAtExporter: book.advises("Look at what measures it", "low", adviseExporter(MONGODB_MEASURING)),
  })
  .findings((find) => [
    find(["state"], ({ state }, context) =>
      measuredAway(context, state.now.uptimeSeconds, MONGODB_MEASURING),
    ),
    find(["state", "clients?"], ({ state, clients }, { params }) => {
      const { current, available } = state.now.connections;
      const limit = limitOf(state.now.connections);
      if (current === null || available === null || limit === undefined) return undefined;
      const isFull = available <= Math.max(2, limit * 0.02);
      if (!isFull && current / limit < params.used) return undefined;
      return {
        id: "server-limit",
        severity: isFull ? "critical" : "warning",
        title: `${current} of ${limit} connections of the server are taken (${sayPercent(current / limit)})`,
        because: `${isFull ? "New clients are turned away: their connection is closed as soon as it is made. " : ""}${sayActive(state, clients)} This is the server's limit, not that of an application's pool.`,
        evidence: [figures(state), ...held(clients)],
        remedies: ["endIdle"],
      };
    }),
    find(["state"], ({ state }, { params }) => {
      const limit = limitOf(state.now.connections);
      if (!isHeldByHandles(state) || limit === undefined) return undefined;
      const isTight = (state.now.connections.current ?? 0) / limit >= params.used;
      return {
        id: "file-handles",
        severity: isTight ? "warning" : "info",
        title: `File handles hold the limit of connections down to ${limit}`,
        because: `${state.configuredConnections === null ? "" : `${state.configuredConnections} are configured. `}mongod takes four fifths of the file handles it may open, and data files need some of them, too.${state.warnings.length > 0 ? ` It warned when it started: ${state.warnings.slice(0, 2).join("; ")}` : ""}`,
        remedies: ["raiseHandles"],
      };
    }),
    find(["state", "clients?"], ({ state, clients }, { params }) => {
      const rate = state.since.connectionsCreated;
      return (
        rate !== null &&
        rate >= params.newPerSecond && {
          id: "not-kept",
          severity: "warning",
          title: `${Math.round(rate)} new connections a second`,
          because: `Seen for ${Math.round(state.seconds)} s. Either clients are made anew for each request, or pools open and close, or processes start one after another (a deployment, a crash loop). To tell them apart: the same a minute later, and whether the hosts below change.`,
          evidence: [figures(state), ...held(clients)],
          explains: ["server-limit"],
          remedies: ["useOneClient" as const],
        }
      );
    }),
    find(["clients", "state?"], ({ clients, state }, { params }) => {
      const full = poolsInDoubt(clients, params.poolSize);
      return (
        full.length > 0 && {
          id: "pool-full",
          severity: "warning",
          title: `All connections of ${full.map(sayClient).slice(0, 3).join(", ")} are at work`,
          because: sayDoubt(full, params.poolSize, state),
          evidence: held(clients),
          remedies: ["findSlow" as const],
        }
      );
    }),
    find(["state"], ({ state }) => {
      const rate = state.since.connectionsRejected ?? 0;
      return (
        rate > 0 && {
          id: "turned-away",
          severity: "critical",
          title: "Clients are turned away now",
          because: `${rate} a second over ${Math.round(state.seconds)} s: the server has as many connections as it takes.`,
          explains: [],
          remedies: ["endIdle" as const],
        }
      );
    }),
  ]);

function sayActive({ now }: State, clients: Clients | undefined): string {
  const { current, active } = now.connections;
  if (current === null || active === null) return "";
  const unseen = clients === undefined ? 0 : current - clients.connections;
  const rest =
    unseen > 5 ? ` ${unseen} of them are of members of the set, of monitors, or not shown to diagbot.` : "";
  return `${active} of them have an operation under way, ${current - active} do nothing.${rest}`;
}

const sayDoubt = (full: readonly PoolDoubt[], poolSize: number, state: State | undefined): string => {
  const current = state?.now.connections.current;
  const limit = state === undefined ? undefined : limitOf(state.now.connections);
  const server =
    typeof current === "number" && limit !== undefined
      ? ` The server itself has room: ${current} of ${limit}.`
      : "";
  return `${full
    .map((one) => `${one.active} of ${one.connections}`)
    .slice(0, 3)
    .join(
      ", ",
    )}: as many as one pool holds (${poolSize}), so callers of the application probably wait for a connection.${server} How many processes share the host, the server cannot see.`;
};
