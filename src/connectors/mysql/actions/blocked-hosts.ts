import { z } from "zod";
import { type ActionContext, actionsOn } from "../../../core/words/action.ts";
import { count } from "../../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import { beforeEffect, refused } from "../../before-effect.ts";
import type { Here, MysqlClient } from "../client.ts";
import { orUnseen, told } from "../unseen.ts";
import { known, numberIn, textIn } from "../values.ts";

const { read, write } = actionsOn<MysqlClient>("mysql");

const Host = z.object({
  address: z.string(),
  name: z.string(),
  /** Connections in a row that broke off before the login had ended. */
  errors: z.number(),
  /** Of the errors those within the handshake, and logins that failed by their password (which do not count). */
  handshake: z.number(),
  wrongLogins: z.number(),
});
export type BlockedHost = z.infer<typeof Host>;

const Blocked = z.object({
  limit: known,
  /** False: performance_schema is off (MariaDB's default); the server counts, and shows it to nobody. */
  isShown: z.boolean(),
  /** At most 50. */
  hosts: z.array(Host).max(50),
  notSeen,
});

/** Addresses the server lets nobody in from any more (1129): its host cache. Needs SELECT on performance_schema. */
export const blockedHosts = read({
  name: "mysql.blocked-hosts",
  title: "Addresses that are blocked after broken connections",
  input: z.object({}),
  output: Blocked,
  run: (client, _input, context) => lookAtHosts(client, context),
});

const lookAtHosts = (client: MysqlClient, context: ActionContext): Promise<z.infer<typeof Blocked>> =>
  client.read(context, async (sql) => {
    const unseen: NotSeen[] = [];
    const [limit] = await sql("SELECT @@GLOBAL.max_connect_errors AS n, @@performance_schema AS shown");
    const rows = await orUnseen("addresses that are blocked", unseen, () =>
      sql(
        `SELECT IP AS ip, COALESCE(HOST, '') AS name, SUM_CONNECT_ERRORS AS errors, COUNT_HANDSHAKE_ERRORS AS handshake,
           COUNT_AUTHENTICATION_ERRORS AS logins FROM performance_schema.host_cache
         WHERE SUM_CONNECT_ERRORS >= @@GLOBAL.max_connect_errors ORDER BY IP LIMIT 50`,
      ),
    );
    return {
      limit: numberIn(limit, "n"),
      isShown: numberIn(limit, "shown") !== 0,
      hosts: (rows ?? []).map((row) => ({
        address: textIn(row, "ip", 64),
        name: textIn(row, "name", 255),
        errors: numberIn(row, "errors") ?? 0,
        handshake: numberIn(row, "handshake") ?? 0,
        wrongLogins: numberIn(row, "logins") ?? 0,
      })),
      ...told(unseen),
    };
  });

const ANEW = "TRUNCATE TABLE performance_schema.host_cache";
/** FLUSH HOSTS is gone from MySQL 8.4; MariaDB does not empty the table. */
const statementFor = ({ flavour, version }: Here): string =>
  flavour === "mysql" && Number.parseInt(version, 10) >= 8 ? ANEW : "FLUSH HOSTS";

/** Empties the host cache, so that blocked addresses get in again. Needs RELOAD; from MySQL 8 on DROP on performance_schema.host_cache. */
export const unblockHosts = write({
  name: "mysql.unblock-hosts",
  title: "Let blocked addresses in again",
  class: "guarded",
  risk: "low",
  input: z.object({ addresses: z.array(z.string().max(64)).min(1).max(50) }),
  output: z.object({ unblocked: z.int() }),
  target: () => "host-cache",
  preview: async (client, { addresses }, context) => {
    const { hosts } = await lookAtHosts(client, context);
    const still = hosts.filter(({ address }) => addresses.includes(address));
    const witness = { addresses: still.map(({ address }) => address) };
    if (still.length === 0) return { changes: [], witness, nothingToDo: "none of them is blocked any more" };
    const changes = still.map(
      ({ address, errors }) => `let ${address} in again (${count(errors, "connection")} broke off there)`,
    );
    return { changes: [...changes, "all addresses begin to be counted anew"], witness };
  },
  run: async (client, { addresses }, context) => {
    const { hosts } = await beforeEffect(() => lookAtHosts(client, context));
    const still = hosts.filter(({ address }) => addresses.includes(address));
    if (still.length === 0) throw refused("none of the addresses is blocked any more");
    const statement = await beforeEffect(() =>
      client.read(context, async (_sql, here) => statementFor(here)),
    );
    await client.act(context, statement);
    return { unblocked: still.length };
  },
  probe: async (client, { addresses }, _witness, context) => {
    const { hosts, isShown, notSeen: unseen = [] } = await lookAtHosts(client, context);
    if (!isShown || unseen.length > 0) return { verdict: "unknown", evidence: "the host cache is hidden" };
    const left = hosts.filter(({ address }) => addresses.includes(address)).length;
    return left === 0
      ? { verdict: "done", evidence: "none of them is blocked" }
      : { verdict: "not-done", evidence: `${left} of them are blocked` };
  },
  undo: "none: an address is blocked again by itself when its connections break off again",
  asBefore: "errors are counted anew, by the same limit",
  settled: {
    check: () => ({ blocked: blockedHosts() }),
    holds: ({ blocked }, { addresses }) => !blocked.hosts.some(({ address }) => addresses.includes(address)),
    figures: ({ blocked }, { addresses }) =>
      `blocked addresses of the plan ${addresses.length} → ${blocked.hosts.filter(({ address }) => addresses.includes(address)).length}`,
  },
});
