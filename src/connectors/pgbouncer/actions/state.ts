import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import type { ConsoleRow, PgbouncerClient, Show } from "../client.ts";
import { toConsoleError } from "../errors.ts";

const { read } = actionsOn<PgbouncerClient>("pgbouncer");

const State = z.object({
  version: z.string(),
  /** Of the whole bouncer: PAUSE or SUSPEND without a database. `unknown`: this version does not say it. */
  state: z.enum(["active", "paused", "suspended", "unknown"]),
  /** Clients connected, the console's among them, and max_client_conn. */
  clients: z.int(),
  maxClients: z.int(),
  poolMode: z.string(),
  poolSize: z.int(),
  /** Server connections per database and per user; 0: no limit. */
  maxDbConnections: z.int(),
  maxUserConnections: z.int(),
  /** Seconds; 0: never. */
  queryWaitSeconds: z.number(),
  idleTransactionSeconds: z.number(),
  clientIdleSeconds: z.number(),
  serverLoginRetrySeconds: z.number(),
  serverLifetimeSeconds: z.number(),
  /** Names of servers for which it knows no address, at most 20. */
  unresolved: z.array(z.string()),
});
export type BouncerState = z.infer<typeof State>;

/** Settings that pools depend on, clients against their limit, names without an address: SHOW CONFIG, LISTS, DNS_HOSTS, STATE. */
export const serverState = read({
  name: "pgbouncer.server-state",
  title: "Settings, clients and server names of the bouncer",
  input: z.object({}),
  output: State,
  run: (client, _input, context) =>
    client.use(context, async (show) => {
      const rows = {
        version: await show("VERSION"),
        config: await show("CONFIG"),
        lists: await show("LISTS"),
        dns: await show("DNS_HOSTS"),
      };
      return stateOf({ ...rows, state: await stateRows(show) });
    }),
});

/** An older bouncer does not know the word. */
async function stateRows(show: Show): Promise<ConsoleRow[] | undefined> {
  try {
    return await show("STATE");
  } catch (thrown) {
    if (toConsoleError(thrown).detail === "no-show") return undefined;
    throw thrown;
  }
}

interface Answers {
  readonly version: readonly ConsoleRow[];
  readonly config: readonly ConsoleRow[];
  readonly lists: readonly ConsoleRow[];
  readonly dns: readonly ConsoleRow[];
  readonly state: readonly ConsoleRow[] | undefined;
}

/** Pure. Exported for its test. */
export function stateOf({ version, config, lists, dns, state }: Answers): BouncerState {
  const settings = new Map(config.map((row) => [row.key, row.value]));
  const items = new Map(lists.map((row) => [row.list, row.items]));
  const number = (name: string) => Number(settings.get(name) ?? 0) || 0;
  return {
    version: (version[0]?.version ?? "").slice(0, 80),
    state: wordOf(state),
    clients: Number(items.get("used_clients") ?? 0),
    maxClients: number("max_client_conn"),
    poolMode: settings.get("pool_mode") ?? "",
    poolSize: number("default_pool_size"),
    maxDbConnections: number("max_db_connections"),
    maxUserConnections: number("max_user_connections"),
    queryWaitSeconds: number("query_wait_timeout"),
    idleTransactionSeconds: number("idle_transaction_timeout"),
    clientIdleSeconds: number("client_idle_timeout"),
    serverLoginRetrySeconds: number("server_login_retry"),
    serverLifetimeSeconds: number("server_lifetime"),
    unresolved: dns
      .filter(({ addrs }) => (addrs ?? "") === "")
      .slice(0, 20)
      .map(({ hostname }) => (hostname ?? "").slice(0, 255)),
  };
}

/** SHOW STATE: rows `active`, `paused`, `suspended`, each yes or no. */
function wordOf(rows: readonly ConsoleRow[] | undefined): BouncerState["state"] {
  const found = (rows ?? []).find((row) => row.value === "yes" || row.value === "1")?.key ?? "";
  return found === "active" || found === "paused" || found === "suspended" ? found : "unknown";
}
