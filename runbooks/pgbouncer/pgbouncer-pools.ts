import {
  type ConnectionFace,
  count,
  type Finding,
  facts,
  onEach,
  pgbouncer,
  postgres,
  rows,
  runbookOn,
  type Seen,
  type StepsOf,
  sayPercent,
  saySeconds,
  sqlName,
  valueIn,
  z,
} from "../../src/sdk/index.ts";
import { REMEDIES, titleOf, whyOf } from "./cause-words.ts";
import {
  type Cause,
  type Looked,
  mayOpen,
  placeOf,
  saidByServer,
  type Waiting,
  waitingPools,
} from "./causes.ts";

/** Why clients of a PgBouncer wait: no servers, PAUSE, or a pool that is full, and of what. */
const book = runbookOn(
  "pgbouncer",
  {
    id: "pgbouncer-pools",
    title: "PgBouncer pools and waiting clients",
    covers: ["sergas-agents.pgbouncer"],
    alerts: [
      "PgbouncerActiveConnections",
      "PGBouncerActiveConnections",
      "PgbouncerErrors",
      "PgbouncerMaxConnections",
      "PgBouncerClientsWaiting",
      "PgbouncerClientsWaiting",
      "PgBouncerPoolSaturated",
    ],
    params: z.object({
      seconds: z.int().min(1).max(30).default(3).describe("measure for this long, in seconds"),
      waitSeconds: z
        .number()
        .min(0)
        .max(3_600)
        .default(1)
        .describe("report queues whose first client waits for longer than this, in seconds"),
    }),
  },
  ({ params: { seconds } }) => ({
    sample: pgbouncer.samplePools({ seconds }),
    databases: pgbouncer.databases(),
    state: pgbouncer.serverState(),
  }),
).andThen(["databases"], ({ databases: { databases } }, { system }) => {
  // Only where the system has a connection to that very server: never one through the bouncer, which may be full.
  const places = new Set(databases.map(placeOf));
  const servers = system.connections.filter(
    ({ kind, endpoint }) => kind === "postgres" && endpoint !== undefined && places.has(placeOf(endpoint)),
  );
  return onEach(servers.slice(0, 5), { usage: postgres.connectionUsage() });
});

type Steps = StepsOf<typeof book>;
type RemedyName = (typeof REMEDIES)[Cause][number] | "enable" | "raiseClients" | "sizePools";

const lookedOf = (
  values: Pick<Steps, "sample" | "databases"> & { readonly state?: Steps["state"] | undefined },
): Looked => ({
  sample: values.sample,
  databases: values.databases.databases,
  state: values.state,
});
const ranOut = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ");

export const pgbouncerPools = book
  .remedies({
    resume: book.advises("Resume what is paused", "high", ({ databases, state }) => {
      const paused = (databases?.databases ?? []).filter((one) => one.paused);
      const words = [
        ...paused.map(({ name }) => `RESUME ${sqlName(name)}`),
        ...(paused.length === 0 || state?.state === "paused" ? ["RESUME"] : []),
      ];
      return `Ask whoever maintains it first: PAUSE is how a server is restarted or switched over without errors, and RESUME before that is done gives clients the wrong server. Then, on the console as one of admin_users: ${words.join("; ")}. A PAUSE of a database and one of the whole bouncer want a RESUME each.`;
    }),
    enable: book.advises("Enable the database again", "high", ({ databases }) => {
      const names = (databases?.databases ?? []).filter((one) => one.disabled).map(({ name }) => name);
      return `DISABLE is given by people (or a failover tool), for one run of the process; it turns new clients away and leaves those inside alone. On the console: ${names.map((name) => `ENABLE ${sqlName(name)}`).join("; ")}.`;
    }),
    letServersIn: book.advises(
      "Let the bouncer log in at the server",
      "high",
      ({ state }) =>
        `Read the end of the bouncer's log: it repeats what the server said. Then: is the server up (pg-connectivity), does pg_hba.conf allow the bouncer's address, does the password in auth_file (or the auth_query) still fit, are there slots left (pg-pool-exhausted), does the name lead to the right server (SHOW DNS_HOSTS)? Restarting the bouncer helps with none of these and drops the clients that are served.${(state?.serverLoginRetrySeconds ?? 0) > 5 ? ` Once repaired, it takes up to server_login_retry = ${state?.serverLoginRetrySeconds} s.` : ""}`,
    ),
    raiseLimit: book.advises(
      "Give this pool its share",
      "low",
      "SHOW POOLS shows which pools have the connections. Either raise max_db_connections (max_user_connections) as far as the server's max_connections allows, or make the other pools smaller; idle servers are given back after server_idle_timeout. RELOAD applies it.",
    ),
    endSessions: book.advises("Give clients a connection per transaction", "high", ({ sample }) => {
      const names = (sample?.pools ?? [])
        .filter(({ mode }) => mode === "session")
        .map(({ database }) => database);
      return `At once: make the applications' own pools smaller than pool_size, or close idle clients (client_idle_timeout), so that connected clients no longer outnumber server connections. Lasting: pool_mode = transaction for ${ranOut([...new Set(names)].slice(0, 5))}, once the application uses no session state there (SET, LISTEN, advisory locks of the session, temporary tables, prepared statements before 1.21).`;
    }),
    findHolders: book.advises(
      "Find who holds the server connections",
      "low",
      "Ask the server: pg-locks shows transactions left open and who waits for a lock, pg-slow-queries the statements that run. End those, not the bouncer. Lasting: commit before calling others; idle_in_transaction_session_timeout on the role (or idle_transaction_timeout here) as a limit. A larger pool would fill up just the same.",
    ),
    speedUp: book.advises(
      "Make the transactions shorter",
      "low",
      "Run pg-slow-queries on the server: which statements take the time, and whether it is CPU, I/O or locks (pg-locks). A larger pool helps only as long as the server has idle cores; beyond that everything gets slower.",
    ),
    growPool: book.advises(
      "Make the pool larger",
      "low",
      ({ databases, state }) =>
        `Raise default_pool_size (${state?.poolSize ?? "see SHOW CONFIG"}) or pool_size of the database, then RELOAD. Mind the sum: every pair of database and user is a pool of its own, and all of them together have to stay below the server's max_connections minus what others use (pg-pool-exhausted shows it)${(databases?.databases ?? []).some(({ reserve }) => reserve > 0) ? "" : "; reserve_pool_size gives a little room for bursts"}.`,
    ),
    raiseClients: book.advises(
      "Make room for clients",
      "high",
      ({ state }) =>
        `See who has so many (SHOW CLIENTS by addr and application_name): a leak or a deployment that doubled the instances is mended there. Otherwise raise max_client_conn (${state?.maxClients ?? "?"}), and with it the limit of open files of the process (LimitNOFILE): one for each client and each server connection. RELOAD applies it; the limit of files needs a restart.`,
    ),
    sizePools: book.advises(
      "Let the pools fit the server",
      "low",
      "Lower pool_size (or set max_db_connections) so that the sum over all pairs of database and user, of all bouncers in front of this server, stays below its usable slots; or raise the server's max_connections, which costs memory and a restart.",
    ),
  })
  .findings((find) => [
    find.all((seen, { params, system }) => {
      const [sample, databases] = [valueIn(seen.sample), valueIn(seen.databases)];
      if (sample === undefined || databases === undefined) return undefined;
      const looked = lookedOf({ sample, databases, state: valueIn(seen.state) });
      const servers = serversOf(system.connections, seen);
      return [...waitingFindings(looked, params.waitSeconds, servers), ...oversizedFindings(looked, servers)];
    }),
    find(["state"], ({ state }) => clientsFinding(state)),
    find(["databases", "sample?"], ({ databases: { databases }, sample }) => {
      const paused = databases.filter((one) => one.paused);
      const isWaitedFor = paused.some(({ name }) =>
        sample?.pools.some((pool) => pool.database === name && pool.waitingThroughout > 0),
      );
      // Those with waiting clients are said above.
      if (paused.length === 0 || isWaitedFor) return undefined;
      return {
        id: "paused",
        severity: "warning",
        title: `${count(paused.length, "database")} paused: ${ranOut(paused.slice(0, 5).map(({ name }) => name))}`,
        because: "Nobody waits yet; the first client that wants a server connection will.",
        remedies: ["resume"],
      };
    }),
    find(["databases"], ({ databases: { databases } }) => {
      const disabled = databases.filter((one) => one.disabled);
      if (disabled.length === 0) return undefined;
      return {
        id: "disabled",
        severity: "critical",
        title: `${count(disabled.length, "database")} disabled: ${ranOut(disabled.slice(0, 5).map(({ name }) => name))}`,
        because: "New clients are turned away (`database … is disabled`); those inside are still served.",
        remedies: ["enable"],
      };
    }),
  ]);

interface Server {
  readonly name: string;
  readonly place: string;
  readonly usage: postgres.ConnectionUsage;
}

/** The servers behind it that the system has a connection to, and that answered. */
const serversOf = (
  faces: readonly ConnectionFace[],
  seen: { readonly [step: `usage:${string}`]: Seen<postgres.ConnectionUsage> | undefined },
): Server[] =>
  faces.flatMap(({ name, endpoint }) => {
    const usage = valueIn(seen[`usage:${name}`]);
    return usage === undefined || endpoint === undefined ? [] : [{ name, place: placeOf(endpoint), usage }];
  });

/** Causes that the server itself knows more about. */
const IN_THE_SERVER: ReadonlySet<Cause> = new Set(["sessions", "held", "idle-in-transaction", "slow"]);

function waitingFindings(
  looked: Looked,
  waitSeconds: number,
  servers: readonly Server[],
): Finding<RemedyName>[] {
  const waiting = waitingPools(looked, waitSeconds);
  const causes = [...new Set(waiting.map(({ cause }) => cause))];
  return causes.map((cause) => {
    const those = waiting.filter((one) => one.cause === cause);
    const [first] = those as [Waiting, ...Waiting[]];
    const drop = looked.state?.queryWaitSeconds ?? 0;
    const server = servers.find(
      ({ place }) => first.database !== undefined && place === placeOf(first.database),
    );
    const said = IN_THE_SERVER.has(cause) ? saidByServer(server?.usage) : undefined;
    return {
      id: `waiting:${cause}`,
      severity: "critical",
      title: titleOf(those, cause),
      because: `${whyOf(cause, first, looked.state)}${drop > 0 ? ` Who waits for ${saySeconds(drop)} is cut off (query_wait_timeout).` : ""}${said === undefined ? "" : ` ${said}`}`,
      evidence: [poolTable(those)],
      remedies: REMEDIES[cause],
    };
  });
}

const poolTable = (all: readonly Waiting[]) =>
  rows("Pools", all, {
    database: ({ pool }) => pool.database,
    user: ({ pool }) => pool.user,
    mode: ({ pool }) => pool.mode,
    waiting: ({ pool }) => pool.waiting,
    "first waits": ({ pool }) => (pool.maxWaitSeconds > 0 ? saySeconds(pool.maxWaitSeconds) : "not counted"),
    "in use": ({ pool, database }) => `${pool.serverActive} of ${database?.poolSize ?? "?"}`,
    held: ({ pool }) => pool.held,
    free: ({ pool }) => pool.serverIdle + pool.serverUsed,
    "logging in": ({ pool }) => pool.serverLogin,
  });

function clientsFinding(state: pgbouncer.BouncerState): Finding<RemedyName> | undefined {
  const { clients, maxClients } = state;
  if (maxClients <= 0 || clients < maxClients * 0.9) return undefined;
  const isFull = clients >= maxClients;
  return {
    id: "max-clients",
    severity: isFull ? "critical" : "warning",
    title: isFull
      ? `No client gets in any more: ${clients} of max_client_conn = ${maxClients}`
      : `${sayPercent(clients / maxClients)} of max_client_conn in use (${clients} of ${maxClients})`,
    because: isFull
      ? "New clients are told `no more connections allowed (max_client_conn)`; the console's own users are let in. It is the bouncer's limit, not the server's."
      : "Beyond it new clients are turned away at once, they do not wait.",
    evidence: [facts({ clients, max_client_conn: maxClients })],
    remedies: ["raiseClients"],
  };
}

function oversizedFindings(looked: Looked, servers: readonly Server[]): Finding<RemedyName>[] {
  const sums = mayOpen(looked);
  return servers.flatMap(({ name, place, usage }): Finding<RemedyName>[] => {
    const most = sums.get(place) ?? 0;
    if (most <= usage.usable) return [];
    return [
      {
        id: `oversized:${name}`,
        severity: usage.ratio >= 0.8 ? "warning" : "info",
        title: `The pools may open ${most} connections to ${name}, which has ${usage.usable} slots`,
        because: `When they fill up the server turns logins down (53300), and clients wait although no pool is at its size. ${usage.used} slots are taken now.`,
        evidence: [
          facts({ "may open": most, usable: usage.usable, max_connections: usage.max, taken: usage.used }),
        ],
        remedies: ["sizePools"],
      },
    ];
  });
}
