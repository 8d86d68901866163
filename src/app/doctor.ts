import type { Config } from "../config/load.ts";
import { toDiagError } from "../core/errors.ts";
import type { DoctorCheck } from "../ingress/cli/house.ts";
import { checkSlack } from "../ingress/slack/check.ts";
import { checkQueue } from "../queue/check.ts";
import { missingMigrations } from "../store/index.ts";
import { type House, openHouse } from "./house.ts";

const WORKER_IS_ALIVE_MS = 10_000;
const NODE_MAJOR = 20;

/** What is missing between this machine, Slack, Postgres and the queue. Looks only. */
export async function diagnoseSelf(config: Config): Promise<DoctorCheck[]> {
  const house = openHouse(config, { maxConnections: 2 });
  try {
    const checks = await Promise.all([
      node(),
      postgres(house),
      queue(config),
      slack(config),
      alertmanager(config),
      workers(house),
    ]);
    return checks.flat();
  } finally {
    await house.close();
  }
}

function node(): DoctorCheck {
  const [major = 0] = process.versions.node.split(".").map(Number);
  const fine = major >= NODE_MAJOR;
  return {
    name: "node",
    state: fine ? "ok" : "missing",
    detail: process.versions.node,
    ...(fine ? {} : { fix: "install Node 20.19 or newer" }),
  };
}

async function postgres({ pool }: House): Promise<DoctorCheck> {
  try {
    const { rows } = await pool.query<{ v: string }>("SELECT current_setting('server_version') AS v");
    const missing = await missingMigrations(pool);
    const detail = `Postgres ${rows[0]?.v ?? ""}`;
    if (missing.length === 0) return { name: "postgres", state: "ok", detail };
    return {
      name: "postgres",
      state: "warning",
      detail: `${detail}; not migrated: ${missing.join(", ")}`,
      fix: "run `diagbot migrate` (serve does it, too)",
    };
  } catch (error) {
    return {
      name: "postgres",
      state: "missing",
      detail: toDiagError(error, "store_unavailable").message,
      fix: "check DATABASE_URL and that Postgres is up",
    };
  }
}

async function queue({ environment }: Config): Promise<DoctorCheck> {
  const { redisUrl, databaseUrl, prefix } = environment;
  const complaints = await checkQueue({ redisUrl, databaseUrl, prefix });
  if (complaints.length > 0)
    return {
      name: "queue",
      state: "missing",
      detail: complaints.join("; "),
      fix: "check REDIS_URL; Redis needs maxmemory-policy noeviction",
    };
  if (redisUrl === undefined)
    return { name: "queue", state: "ok", detail: "in Postgres (REDIS_URL is not set)" };
  return { name: "queue", state: "ok", detail: "Redis" };
}

async function slack({ environment, slackChannel, systems }: Config): Promise<DoctorCheck[]> {
  if (environment.slack === undefined)
    return [
      {
        name: "slack",
        state: "warning",
        detail: "not configured: only alerts and the command line are served",
        fix: "set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET or SLACK_APP_TOKEN",
      },
    ];
  const channels = [
    ...systems.flatMap((system) => system.channel ?? []),
    ...(slackChannel === undefined ? [] : [slackChannel]),
  ];
  const found = await checkSlack(environment.slack, [...new Set(channels)]);
  return found.map(({ ok, name, detail, fix }) => ({
    name,
    state: ok ? "ok" : "missing",
    detail,
    ...(fix === undefined ? {} : { fix }),
  }));
}

const alertmanager = ({ environment }: Config): DoctorCheck =>
  environment.alertmanagerToken === undefined
    ? {
        name: "alertmanager",
        state: "warning",
        detail: "ALERTMANAGER_TOKEN is not set",
        fix: "openssl rand -hex 32",
      }
    : { name: "alertmanager", state: "ok", detail: "a token is set; the path is /webhooks/alertmanager" };

async function workers({ store }: House): Promise<DoctorCheck> {
  const alive = await store.sweep.workers(WORKER_IS_ALIVE_MS).catch(() => []);
  return alive.length > 0
    ? {
        name: "workers",
        state: "ok",
        detail: alive.map((worker) => `${worker.host}/${worker.pid}`).join(", "),
      }
    : {
        name: "workers",
        state: "warning",
        detail: "no worker is alive",
        fix: "run `diagbot serve`; until then `run` works by itself",
      };
}
