import pg from "pg";
import { postgres } from "../../../src/sdk/index.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { until } from "../../helpers/until.ts";
import type { Harness, WriteCase } from "../harness.ts";
import { mute, nowhere } from "../servers.ts";
import { upkeep } from "./postgres-upkeep.ts";

const PASSWORD = "quite-secret-77";
const WRONG = "wrong-secret-88";
const AT = `to_char($column AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
const timeOf = (column: string) => AT.replace("$column", column);

/** A real Postgres with a bot of its own. */
export const harness: Harness = {
  start: async () => {
    const lab = await startLabPostgres();
    await lab.admin(`CREATE ROLE bot SUPERUSER LOGIN PASSWORD '${PASSWORD}'`);
    const silent = await mute();
    const free = await nowhere();
    const url = (password = PASSWORD, port = lab.port, database = "shop") =>
      `postgres://bot:${password}@127.0.0.1:${port}/${database}`;
    return {
      settings: { url: url() },
      read: postgres.connectionUsage(),
      secrets: [PASSWORD, WRONG],
      failures: {
        unreachable: { settings: { url: url(PASSWORD, free) }, code: "target_unreachable" },
        denied: { settings: { url: url(WRONG) }, code: "target_auth" },
        refused: { settings: { url: url(PASSWORD, lab.port, "nowhere") }, code: "target_refused" },
        "a first contact": {
          settings: { url: url(PASSWORD, free) },
          call: postgres.checkConnection(),
          code: "target_unreachable",
        },
      },
      hang: { settings: { url: url(PASSWORD, silent.port) }, begun: silent.connected },
      flood: async (open, context) => {
        const client = open() as {
          read(context: unknown, look: (sql: Sql) => Promise<unknown>): Promise<unknown>;
        };
        return client.read(context, (sql) =>
          sql("SELECT repeat('x', 1048576) AS x FROM generate_series(1, 256)"),
        );
      },
      foreign: async (name, run) => {
        await lab.admin("DROP SCHEMA public CASCADE");
        await lab.admin("CREATE SCHEMA public");
        // Postgres itself takes no NUL.
        const table = pg.escapeIdentifier(name.replaceAll("\u0000", ""));
        await lab.admin(`CREATE TABLE public.${table} AS SELECT generate_series(1, 100000) AS n`);
        await lab.admin("ANALYZE");
        return run(postgres.sizes());
      },
      writes: writes(lab),
      stop: async () => {
        await silent.close();
        await lab.stop();
      },
    };
  },
};

type Sql = (text: string) => Promise<unknown>;

const pidOf = async (session: pg.Client): Promise<number> =>
  (await session.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows[0]?.pid ?? 0;

function writes(lab: LabPostgres): Record<string, WriteCase> {
  const facts = async (pid: number) => {
    const [row] = await lab.admin<{ startedAt: string; queryStartedAt: string }>(
      `SELECT ${timeOf("backend_start")} AS "startedAt", ${timeOf("query_start")} AS "queryStartedAt"
       FROM pg_stat_activity WHERE pid = $1`,
      [pid],
    );
    if (row === undefined) throw new Error(`no session ${pid}`);
    return { pid, ...row };
  };
  const fresh = async (application: string) => {
    await lab.endSessions();
    return lab.session(application);
  };
  const waits = (event: string) =>
    until(async () => {
      const found = await lab.admin(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = $1 OR wait_event = $1",
        [event],
      );
      return found.length > 0;
    });
  let running: pg.Client | undefined;
  return {
    "postgres.terminate-idle-sessions": {
      prepare: async () => {
        const { pid, startedAt } = await facts(await pidOf(await fresh("orders")));
        return postgres.terminateIdleSessions({ sessions: [{ pid, startedAt }], idleSeconds: 0 });
      },
      spoil: () => lab.endSessions(),
    },
    "postgres.terminate-blockers": {
      prepare: async () => {
        await lab.endSessions();
        await lab.admin("CREATE TABLE IF NOT EXISTS public.held (n int)");
        // A session that has begun may not hear of a grant before its next transaction.
        await lab.admin("GRANT USAGE ON SCHEMA public TO app");
        await lab.admin("GRANT ALL ON public.held TO app");
        running = await fresh("holder");
        const { pid, startedAt } = await facts(await pidOf(running));
        await running.query("BEGIN");
        await running.query("LOCK TABLE public.held IN ACCESS EXCLUSIVE MODE");
        const waiting = await lab.session("waiter");
        waiting.query("SELECT * FROM public.held").catch(() => {});
        await waits("Lock");
        return postgres.terminateBlockers({ sessions: [{ pid, startedAt }] });
      },
      spoil: async () => running?.query("ROLLBACK"),
    },
    "postgres.cancel-statements": {
      prepare: async () => {
        running = await fresh("reports");
        const pid = await pidOf(running);
        running.query("SELECT pg_sleep(600)").catch(() => {});
        await waits("PgSleep");
        const { startedAt, queryStartedAt } = await facts(pid);
        return postgres.cancelStatements({ statements: [{ pid, startedAt, queryStartedAt }] });
      },
      spoil: async () => {
        await lab.admin("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
        await until(
          async () =>
            (await lab.admin("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).length === 0,
        );
      },
    },
    "postgres.cancel-queued": {
      prepare: async () => {
        await lab.endSessions();
        await lab.admin("CREATE TABLE IF NOT EXISTS public.held (n int)");
        await lab.admin("GRANT USAGE ON SCHEMA public TO app");
        await lab.admin("GRANT ALL ON public.held TO app");
        running = await fresh("reader");
        await running.query("BEGIN");
        await running.query("SELECT * FROM public.held");
        const waiting = await lab.session("changer");
        const pid = await pidOf(waiting);
        waiting.query("TRUNCATE public.held").catch(() => {});
        await waits("Lock");
        (await lab.session("behind")).query("SELECT * FROM public.held").catch(() => {});
        await until(
          async () =>
            (await lab.admin("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).length === 2,
        );
        return postgres.cancelQueued({ statements: [await facts(pid)] });
      },
      spoil: async () => {
        await lab.admin(
          "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'changer'",
        );
        await until(
          async () =>
            (await lab.admin("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).length === 0,
        );
      },
    },
    ...upkeep(lab),
    "postgres.analyze-table": {
      prepare: async () => {
        await lab.admin("DROP TABLE IF EXISTS public.stale");
        await lab.admin("CREATE TABLE public.stale AS SELECT generate_series(1, 100) AS n");
        return postgres.analyzeTable({ schema: "public", table: "stale" });
      },
      spoil: () => lab.admin("DROP TABLE public.stale"),
    },
  };
}
