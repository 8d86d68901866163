import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { notSeen } from "../../../core/words/not-seen.ts";
import type { ConsoleRow, PgbouncerClient } from "../client.ts";
import { maybeIn, nameIn, numberIn } from "../rows.ts";

const { read } = actionsOn<PgbouncerClient>("pgbouncer");

const MOST = 200;

const Database = z.object({
  name: z.string(),
  /** Where its server is; empty: a Unix socket. */
  host: z.string(),
  port: z.int(),
  /** What it is called there. */
  database: z.string(),
  /** Server connections each pool of it may have, and those added when clients wait for too long. */
  poolSize: z.int(),
  reserve: z.int(),
  /** Empty: as the bouncer's. */
  mode: z.string(),
  /** Server connections of all its pools together; 0: no limit. */
  maxConnections: z.int(),
  connections: z.int(),
  paused: z.boolean(),
  disabled: z.boolean(),
});
export type BouncedDatabase = z.infer<typeof Database>;

/** The databases it stands in front of: SHOW DATABASES, the console itself left out, at most 200. */
export const databases = read({
  name: "pgbouncer.databases",
  title: "Databases, their servers and pool sizes",
  input: z.object({}),
  output: z.object({ databases: z.array(Database), notSeen }),
  run: (client, _input, context) =>
    client.use(context, async (show) => {
      const all = (await show("DATABASES")).filter(({ name }) => name !== "pgbouncer");
      // What is out of service must not fall to the limit.
      const first = all.toSorted((a, b) => outOfService(b) - outOfService(a));
      return {
        databases: first.slice(0, MOST).map(databaseOf),
        notSeen:
          all.length > MOST
            ? [{ what: `${all.length - MOST} of ${all.length} databases`, why: "there are too many to list" }]
            : [],
      };
    }),
});

const outOfService = (row: ConsoleRow): number =>
  (maybeIn(row, "paused") ?? 0) + (maybeIn(row, "disabled") ?? 0);

/** Pure. Exported for its test. `reserve_pool` became `reserve_pool_size` in 1.24. */
export const databaseOf = (row: ConsoleRow): BouncedDatabase => ({
  name: nameIn(row, "name"),
  host: nameIn(row, "host"),
  port: maybeIn(row, "port") ?? 0,
  database: nameIn(row, "database"),
  poolSize: numberIn(row, "pool_size"),
  reserve: maybeIn(row, "reserve_pool") ?? maybeIn(row, "reserve_pool_size") ?? 0,
  mode: nameIn(row, "pool_mode"),
  maxConnections: maybeIn(row, "max_connections") ?? 0,
  connections: maybeIn(row, "current_connections") ?? 0,
  paused: maybeIn(row, "paused") === 1,
  disabled: maybeIn(row, "disabled") === 1,
});
