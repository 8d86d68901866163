import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openPostgres, type PostgresClient } from "../../../src/connectors/postgres/client.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import type { WriteAction } from "../../../src/core/words/action.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { shutDownAtLogin } from "../../helpers/postgres-last-words.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

let lab: LabPostgres;
let bench: Bench;

beforeAll(async () => {
  lab = await startLabPostgres();
  await lab.admin("CREATE ROLE watcher LOGIN PASSWORD 'watcher' IN ROLE pg_monitor");
  bench = openBench({
    connections: { db: { kind: "postgres", url: lab.botUrl } },
    connectors: [postgresConnector],
  });
});
afterEach(() => lab.endSessions());
afterAll(async () => {
  await bench.close();
  await lab.stop();
});

const context = (timeoutMs = 5_000, signal = AbortSignal.timeout(timeoutMs)) => ({
  ...bench.resolve({ action: "postgres.connection-usage", input: {} }).context,
  timeoutMs,
  signal,
});

const idle = async (): Promise<{ pid: number; startedAt: string }[]> =>
  (
    await bench.call<{ sessions: { pid: number; startedAt: string }[] }>({
      action: "postgres.idle-sessions",
      input: { olderThanMinutes: 0 },
    })
  ).sessions.map(({ pid, startedAt }) => ({ pid, startedAt }));

const terminate = (sessions: { pid: number; startedAt: string }[], idleSeconds = 0) => ({
  action: "postgres.terminate-idle-sessions",
  input: { sessions, idleSeconds },
});

describe("postgres client", () => {
  const withClient = async (use: (client: PostgresClient) => Promise<void>, url = lab.botUrl) => {
    const client = openPostgres(url);
    try {
      await use(client);
    } finally {
      await client.close();
    }
  };

  it("cannot change anything while it looks", () =>
    withClient(async (client) => {
      const write = client.read(context(), (sql) => sql("CREATE TABLE public.oops (id int)"));
      await expect(write).rejects.toMatchObject({ detail: "25006" });
    }));

  it("ends a statement at the step's deadline, on the server too", () =>
    withClient(async (client) => {
      const slow = client.read(context(1_000), (sql) => sql("SELECT pg_sleep(60)"));
      await expect(slow).rejects.toMatchObject({ code: "timeout" });
      await until(
        async () =>
          (await lab.admin("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).length === 0,
      );
    }));

  it("does not join the queue for a lock", () =>
    withClient(async (client) => {
      const holder = await lab.session("holder");
      await holder.query("CREATE TABLE IF NOT EXISTS held (id int)");
      await holder.query("BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE");
      const look = client.read(context(), (sql) => sql("SELECT * FROM public.held"));
      await expect(look).rejects.toMatchObject({ detail: "55P03" });
      await holder.query("ROLLBACK");
    }));

  it("is answered with the server's last words, also when they come with the login", async () => {
    const url = new URL(lab.botUrl);
    const front = await shutDownAtLogin(Number(url.port), 0);
    url.port = String(front.port);
    try {
      await withClient(async (client) => {
        const look = client.read(context(), (sql) => sql("SELECT 1"));
        await expect(look).rejects.toMatchObject({ detail: "57P01" });
      }, url.href);
    } finally {
      await front.close();
    }
  });

  it("answers a cancel at once and leaves no session behind", async () => {
    await withClient(async (client) => {
      const cancel = new AbortController();
      const slow = client.read(context(30_000, cancel.signal), (sql) => sql("SELECT pg_sleep(2)"));
      await until(
        async () =>
          (await lab.admin("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).length === 1,
      );
      cancel.abort();
      await expect(slow).rejects.toMatchObject({ code: "aborted" });
      await client.read(context(), (sql) => sql("SELECT 1"));
    });
    const left =
      "SELECT 1 FROM pg_stat_activity WHERE application_name = 'diagbot' AND pid <> pg_backend_pid()";
    await bench.close();
    await until(async () => (await lab.admin(left)).length === 0);
    bench = openBench({
      connections: { db: { kind: "postgres", url: lab.botUrl } },
      connectors: [postgresConnector],
    });
  });

  it("lives on with the session it has when the server has no slot for another", () =>
    withClient(async (client) => {
      await client.read(context(), (sql) => sql("SELECT 1"));
      for (;;)
        try {
          await lab.session("greedy");
        } catch {
          break;
        }
      const looks = [1, 2, 3].map((n) =>
        client.read(context(), (sql) => sql<{ n: number }>("SELECT $1::int AS n", [n])),
      );
      expect(await Promise.all(looks)).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
    }, lab.appUrl));

  it("survives the end of its session between and during statements", () =>
    withClient(async (client) => {
      await client.read(context(), (sql) => sql("SELECT 1"));
      await lab.admin(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'diagbot' AND pid <> pg_backend_pid()",
      );
      await until(() => client.read(context(), (sql) => sql("SELECT 1")).catch(() => undefined));
      const slow = client.read(context(), (sql) => sql("SELECT pg_sleep(4)"));
      const failed = expect(slow).rejects.toMatchObject({ detail: "57P01" });
      await until(
        async () =>
          (await lab.admin("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).length === 1,
      );
      await lab.admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
      await failed;
    }));
});

describe("postgres: ending sessions", () => {
  const action = () => bench.resolve(terminate([{ pid: 1, startedAt: "x" }])).action as WriteAction;

  it("matches pid and start: a session that inherited the pid is safe", async () => {
    const app = await lab.session();
    const [session] = await idle();
    const other = [{ pid: session?.pid ?? 0, startedAt: "2020-01-01T00:00:00.000000Z" }];
    expect((await bench.preview(terminate(other))).nothingToDo).toBeDefined();
    await expect(bench.call(terminate(other))).rejects.toMatchObject({ code: "target_refused" });
    await app.query("SELECT 1");
  });

  it("refuses superusers, maintenance and sessions that are not idle for long enough", async () => {
    await lab.session("psql", lab.botUrl);
    await lab.session("pg_dump");
    expect(await idle()).toEqual([]);
    const rows = await lab.admin<{ pid: number; startedAt: string }>(
      `SELECT pid, to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "startedAt"
       FROM pg_stat_activity WHERE application_name IN ('psql', 'pg_dump')`,
    );
    expect(rows).toHaveLength(2);
    expect((await bench.preview(terminate(rows))).refused).toContain("no session qualifies");
    await expect(bench.call(terminate(rows))).rejects.toMatchObject({ code: "target_refused" });
    await lab.session("orders");
    expect((await bench.preview(terminate(await idle(), 3600))).refused).toContain("idle for that long");
  });

  it("says so when the bot's role may not signal", async () => {
    const poor = openBench({
      connections: { db: { kind: "postgres", url: lab.appUrl.replace("app:app", "watcher:watcher") } },
      connectors: [postgresConnector],
    });
    await lab.session("orders");
    const sessions = await idle();
    expect((await poor.preview(terminate(sessions))).refused).toContain("pg_signal_backend");
    await expect(poor.call(terminate(sessions))).rejects.toMatchObject({ code: "target_refused" });
    await poor.close();
  });

  it("probes: not done, partly, done; and may be sent again", async () => {
    const [first] = [await lab.session("a"), await lab.session("b")];
    const sessions = await idle();
    const call = terminate(sessions);
    const { client, context } = bench.resolve(call);
    const probe = async () => (await action().probe(client, call.input, null, context)).verdict;
    expect(await probe()).toBe("not-done");
    await first?.end();
    await until(async () => (await probe()) === "unknown");
    expect(await bench.call(call)).toMatchObject({ spared: 1 });
    await until(async () => (await probe()) === "done");
    await expect(bench.call(call)).rejects.toMatchObject({ code: "target_refused" });
  });

  it("takes a vanished session for no drift, a renamed or added one for drift", async () => {
    const [app] = [await lab.session("a"), await lab.session("b")];
    const sessions = await idle();
    const before = await bench.preview(terminate(sessions));
    await app?.query("SET application_name = 'somebody-else'");
    const renamed = await bench.preview(terminate(sessions));
    expect(action().drift?.(before.witness, renamed.witness)).toEqual([
      expect.stringContaining("application a -> somebody-else"),
    ]);
    await app?.end();
    await until(async () => (await idle()).length === 1);
    const fewer = await bench.preview(terminate(sessions));
    expect(action().drift?.(before.witness, fewer.witness)).toEqual([]);
    expect(action().drift?.(fewer.witness, before.witness)).toEqual([
      expect.stringContaining("was not in the approved list"),
    ]);
  });

  it("sends nothing when the deadline is near", async () => {
    await lab.session("orders");
    const call = terminate(await idle());
    const { client, context } = bench.resolve(call);
    const late = action().run(client, call.input, { ...context, remainingMs: () => 300 });
    await expect(late).rejects.toMatchObject({ code: "target_refused" });
    expect(await idle()).toHaveLength(1);
  });

  it("takes at most 50", () => {
    const many = Array.from({ length: 51 }, (_, n) => ({ pid: n + 1, startedAt: "x" }));
    expect(action().input.safeParse({ sessions: many, idleSeconds: 0 }).success).toBe(false);
  });
});

describe("postgres: names from outside", () => {
  it("quotes what it analyzes", async () => {
    const app = await lab.session();
    await app.query('CREATE TABLE "Or""ders; DROP TABLE x" (id int)');
    const call = {
      action: "postgres.analyze-table",
      input: { schema: "public", table: 'Or"ders; DROP TABLE x' },
    };
    expect((await bench.preview(call)).changes[0]).toContain('ANALYZE public."Or""ders; DROP TABLE x"');
    expect(await bench.call(call)).toEqual({ table: 'public."Or""ders; DROP TABLE x"' });
    const missing = { action: "postgres.analyze-table", input: { schema: "public", table: "nowhere" } };
    expect((await bench.preview(missing)).nothingToDo).toContain("does not exist");
    await expect(bench.call(missing)).rejects.toMatchObject({ code: "target_refused" });
  });
});
