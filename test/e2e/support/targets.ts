import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { startRedis } from "../../helpers/redis-server.ts";
import { until } from "../../helpers/until.ts";
import { webServer } from "../../helpers/web-server.ts";

/** What diagbot.yaml says of a target, and what its passwords are. */
interface Target {
  readonly connection: object;
  readonly secrets: readonly string[];
  stop(): Promise<void>;
}

/** Sessions idle for this long may be ended; in diagbot.yaml as `thresholds.idleMinutes`. */
export const IDLE_MINUTES = 0.02;

export interface ShopDatabase extends Target {
  readonly lab: LabPostgres;
  /** Holds `sessions` connections as `application` and resolves once they have been idle for long enough. */
  occupy(sessions: number, application: string): Promise<void>;
  /** How many sessions of the application there are. */
  sessions(application: string): Promise<number>;
}

/** A Postgres with 17 usable connections; the bot is a superuser with a password of its own. */
export async function shopDatabase(): Promise<ShopDatabase> {
  const lab = await startLabPostgres();
  const password = "pg-S3cret-pa55-e2e";
  await lab.admin(`CREATE ROLE watcher SUPERUSER LOGIN PASSWORD '${password}'`);
  const held = async (application: string, idleSeconds: number) => {
    const rows = await lab.admin<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = $1
       AND clock_timestamp() - state_change >= make_interval(secs => $2)`,
      [application, idleSeconds],
    );
    return rows[0]?.n ?? 0;
  };
  return {
    lab,
    connection: { kind: "postgres", url: `postgres://watcher:${password}@127.0.0.1:${lab.port}/shop` },
    secrets: [password],
    occupy: async (sessions, application) => {
      for (let n = 0; n < sessions; n++) await (await lab.session(application)).query("SELECT 1");
      await until(async () => (await held(application, IDLE_MINUTES * 60)) >= sessions);
    },
    sessions: (application) => held(application, 0),
    stop: lab.stop,
  };
}

export interface Cache extends Target {
  readonly redis: Redis;
  /** `noeviction`, and every write is refused. */
  fill(): Promise<void>;
  /** How many CONFIG SET were sent since `fill`, by anybody: the ground truth of what was done. */
  effects(): Promise<number>;
}

/** A Redis of 4 MiB with a password. */
export async function cache(): Promise<Cache> {
  const password = "redis-S3cret-pa55-e2e";
  const server = await startRedis(["--maxmemory", "4mb", "--requirepass", password]);
  const redis = new Redis({ port: server.port, password });
  // MONITOR does not show administrative commands; the server's own statistics count them.
  const sent = async (): Promise<number> =>
    Number(/^cmdstat_config\|set:calls=(\d+)/m.exec(await redis.info("commandstats"))?.[1] ?? 0);
  let before = 0;
  return {
    redis,
    connection: { kind: "redis", url: `redis://:${password}@127.0.0.1:${server.port}`, role: "cache" },
    secrets: [password],
    fill: async () => {
      await redis.config("SET", "maxmemory", "4mb");
      await redis.config("SET", "maxmemory-policy", "noeviction");
      for (const bytes of [64 << 10, 1 << 10, 64]) await fillWith(redis, bytes);
      before = await sent();
    },
    effects: async () => (await sent()) - before,
    stop: async () => {
      redis.disconnect();
      await server.stop();
    },
  };
}

/** Large values first, then small ones, so that nothing at all fits any more. */
async function fillWith(redis: Redis, bytes: number): Promise<void> {
  const value = "x".repeat(bytes);
  for (let at = 0, refusals = 0; refusals < 5 && at < 20_000; at++)
    await redis.set(`page:${bytes}:${at}`, value).catch((error: Error) => {
      if (!error.message.startsWith("OOM")) throw error;
      refusals += 1;
    });
}

export interface Folder extends Target {
  /** Fills it above its budget with log files of last month. */
  fill(): void;
  files(): string[];
}

/** A folder of this machine with a budget of 1 MiB. */
export function logFolder(): Folder {
  const path = join(realpathSync(mkdtempSync(join(tmpdir(), "diagbot-e2e-logs-"))), "logs");
  mkdirSync(path);
  return {
    connection: {
      // Only the budget counts: how full the machine of the tests is, is no matter (/proc has no size).
      ...{ kind: "host", local: true, mounts: ["/proc/self"], cleanable: [path] },
      budgets: [{ path, bytes: 1 << 20 }],
    },
    secrets: [],
    fill: () => {
      for (let at = 1; at <= 10; at++) {
        const file = join(path, `app.log.${at}`);
        writeFileSync(file, Buffer.alloc(128 << 10, "line\n"));
        const then = new Date(Date.now() - (20 + at) * 86_400_000);
        utimesSync(file, then, then);
      }
    },
    files: () => readdirSync(path),
    stop: async () => rmSync(join(path, ".."), { recursive: true, force: true }),
  };
}

export interface Site extends Target {
  readonly url: string;
  /** What it answers from now on. */
  answer: (request: IncomingMessage, response: ServerResponse) => void;
}

/** A web service with a token; well unless told otherwise. */
export async function site(): Promise<Site> {
  const token = "http-S3cret-t0ken-e2e";
  const answers: Pick<Site, "answer"> = {
    answer: (_request, response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ status: "ok" }));
    },
  };
  const server = await webServer((request, response) => answers.answer(request, response));
  const url = `http://127.0.0.1:${server.port}`;
  return {
    url,
    connection: { kind: "http", url, headers: { authorization: `Bearer ${token}` } },
    secrets: [token],
    get answer() {
      return answers.answer;
    },
    set answer(to) {
      answers.answer = to;
    },
    stop: server.close,
  };
}
