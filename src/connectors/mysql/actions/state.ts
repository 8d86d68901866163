import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { notSeen } from "../../../core/words/not-seen.ts";
import type { MysqlClient, Sql } from "../client.ts";
import { told } from "../unseen.ts";
import { byName, figure, isOn, known } from "../values.ts";
import { SpaceWaits, spaceWaits } from "./space-waits.ts";

const { read } = actionsOn<MysqlClient>("mysql");

const flag = z.boolean().nullable();

const State = z.object({
  version: z.string(),
  flavour: z.enum(["mysql", "mariadb"]),
  uptimeSeconds: known,
  /** Null: this product does not have the variable. */
  readOnly: flag,
  superReadOnly: flag,
  offlineMode: flag,
  maxConnections: known,
  threadsConnected: known,
  threadsRunning: known,
  /** Of a Galera cluster; null: it is none. */
  clusterStatus: z.string().nullable(),
  clusterReady: flag,
  /** Sessions whose write waits for a full disk; null: none. Absent in what was recorded before. */
  spaceWaits: SpaceWaits.nullable().optional(),
  notSeen,
});
export type ServerState = z.infer<typeof State>;

const VARIABLES = ["read_only", "super_read_only", "offline_mode", "max_connections"];
const STATUS = ["Uptime", "Threads_connected", "Threads_running", "wsrep_cluster_status", "wsrep_ready"];

/** What the server says of itself: product, age, whether it takes writes, how many sessions, and who of them waits for space (PROCESS). */
export const serverState = read({
  name: "mysql.server-state",
  title: "State of the server",
  input: z.object({}),
  output: State,
  run: (client, _input, context) =>
    client.read(context, async (sql, here) => {
      const { flavour, version } = here;
      const variables = await shown(sql, "VARIABLES", VARIABLES);
      const status = await shown(sql, "STATUS", STATUS);
      const cluster = status.get("wsrep_cluster_status") ?? "";
      const threadsConnected = figure(status, "Threads_connected");
      const { unseen, ...waits } = await spaceWaits(sql, here, threadsConnected);
      // MariaDB has these names without a cluster, too.
      const isCluster = cluster !== "" && cluster !== "Disconnected";
      return {
        version: version.slice(0, 80),
        flavour,
        uptimeSeconds: figure(status, "Uptime"),
        readOnly: isOn(variables, "read_only"),
        superReadOnly: isOn(variables, "super_read_only"),
        offlineMode: isOn(variables, "offline_mode"),
        maxConnections: figure(variables, "max_connections"),
        threadsConnected,
        threadsRunning: figure(status, "Threads_running"),
        clusterStatus: isCluster ? cluster.slice(0, 60) : null,
        clusterReady: isCluster ? isOn(status, "wsrep_ready") : null,
        ...waits,
        ...told(unseen),
      };
    }),
});

/** `SHOW GLOBAL STATUS` or `VARIABLES` of these names. */
export const shown = async (
  sql: Sql,
  what: "STATUS" | "VARIABLES",
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> =>
  byName(await sql(`SHOW GLOBAL ${what} WHERE Variable_name IN (?)`, [names]));

const PINGS = 10;

/** A session from scratch: name, TCP, login, ten `SELECT 1`, each timed. The error names the stage or number that failed. */
export const checkConnection = read({
  name: "mysql.check-connection",
  title: "Connect, log in and answer",
  timeoutSeconds: 12,
  input: z.object({}),
  output: z.object({
    /** Null: an address or a Unix socket, which nobody has to look up. */
    dnsMs: known,
    tcpMs: known,
    /** The server's greeting, TLS and authentication. */
    loginMs: z.number(),
    pingMedianMs: z.number(),
    pingWorstMs: z.number(),
  }),
  run: (client, _input, context) =>
    client.dial(context, async (sql, { dnsMs, tcpMs, loginMs }) => {
      const pings: number[] = [];
      for (let n = 0; n < PINGS; n++) {
        const begun = performance.now();
        await sql("SELECT 1");
        pings.push(performance.now() - begun);
      }
      pings.sort((a, b) => a - b);
      return {
        dnsMs,
        tcpMs,
        loginMs,
        pingMedianMs: pings[PINGS / 2] ?? 0,
        pingWorstMs: pings[PINGS - 1] ?? 0,
      };
    }),
});
