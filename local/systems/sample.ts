import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { parse } from "yaml";
import { CACHE_SETTINGS } from "../faults/cache.ts";
import { live } from "../faults/fault.ts";
import { buildDatabase, ROLES } from "../sample/schema.ts";
import { useCache, useDatabase } from "../sample/users.ts";
import { startCluster } from "../services/postgres.ts";
import { startRedis } from "../services/redis.ts";
import { createSupervisor } from "../services/supervisor.ts";
import { freePorts } from "../tryout/ports.ts";
import type { Sample, SampleNeeds } from "../tryout/sample.ts";
import { demoFile, ExampleFile, notHere, systemOf, VARIABLES } from "./config.ts";
import { systemSpec } from "./index.ts";
import { buildMachine } from "./machine.ts";
import { openControl } from "./remote.ts";
import { CONTROL } from "./service/control.ts";
import { AGE } from "./service/metrics.ts";
import type { LiveSystem, SystemSpec } from "./spec.ts";

/** Slots for the application, diagbot (3) and superusers (2): few, so that a leak fills them at once. */
const SETTINGS = {
  max_connections: 35,
  superuser_reserved_connections: 2,
  reserved_connections: 3,
  shared_preload_libraries: "pg_stat_statements",
  log_lock_waits: "on",
};

const exampleFolder = (id: string): string =>
  fileURLToPath(new URL(`../../docs/examples/${id}/`, import.meta.url));

/** The example of that system with what the try-out can start of it: its service, its database and cache, its machine's programs. */
export async function startSystemSample(id: string, needs: SampleNeeds): Promise<Sample> {
  const spec = systemSpec(id);
  const folder = exampleFolder(id);
  const example = ExampleFile.parse(parse(await readFile(join(folder, "diagbot.yaml"), "utf8")));
  const [, { channel, connections }] = systemOf(example);
  const kinds = Object.values(connections).map(({ kind }) => kind);
  const root = needs.folder.file("machine");
  const file = (path: string): string => join(root, path);

  const ports = await startServiceOf(spec, needs, root);
  const cache = kinds.includes("redis") ? await startCacheOf(spec, needs) : undefined;
  const database = kinds.includes("postgres") ? await startDatabaseOf(spec, needs) : undefined;
  const system = await bring(spec, needs, { file, ports, cacheUrl: cache, database });
  const byConnection = Object.fromEntries(
    Object.entries(spec.service.faces).flatMap(([face, { connections: names }]) =>
      names.map((name) => [name, ports[face] ?? 0] as const),
    ),
  );
  const places = { ports: byConnection, file, real: spec.real, hasCache: cache !== undefined };
  const missing = notHere(example, places);
  if (missing.length > 0) needs.ready(`${spec.title}, without ${missing.join(", ")}`);
  const faults = live(
    spec.faults.filter(({ rule }) => cache !== undefined || rule.needsRedis !== true),
    system,
  );
  return {
    id,
    title: spec.title,
    channel: { id: channel, name: id, topic: `Alerts and runs of ${spec.title}` },
    faults,
    writes: spec.writes,
    metrics: {
      url: `http://127.0.0.1:${ports[spec.service.metricsOn]}`,
      past: await openControl(controlUrl(ports)).past(momentsBefore(Date.now() / 1000)),
    },
    checks: join(folder, "checks"),
    config: (prometheusUrl) =>
      demoFile(
        example,
        { ...places, prometheusUrl, metricNames: spec.metricNames },
        faults.map(({ rule: { alertname }, runbook }) => ({ alertname, runbook })),
      ),
    env: { ...spec.env, [VARIABLES.database]: database?.botUrl, [VARIABLES.cache]: cache },
  };
}

const controlUrl = (ports: Readonly<Record<string, number>>): string => `http://127.0.0.1:${ports[CONTROL]}`;

/** Times of a week and a bit, 20 minutes apart, and of the last hour, 15 s apart. */
function momentsBefore(now: number): number[] {
  const coarse = 1200;
  const fine = 15;
  const hour = 3600;
  const span = AGE - hour;
  return [
    ...Array.from({ length: Math.floor((span - hour) / coarse) }, (_, at) => now - span + at * coarse),
    ...Array.from({ length: hour / fine }, (_, at) => now - hour + at * fine),
  ];
}

/** The program of the service, kept running, and the programs of its machine. Gives its ports by face. */
async function startServiceOf(
  spec: SystemSpec,
  { folder, cleanups, ready }: SampleNeeds,
  root: string,
): Promise<Record<string, number>> {
  const faces = [...Object.keys(spec.service.faces), CONTROL];
  const free = await freePorts(faces.length);
  const ports = Object.fromEntries(faces.map((face, at) => [face, free[at] ?? 0]));
  await buildMachine(root, spec, controlUrl(ports));
  const supervisor = createSupervisor(folder);
  cleanups.add(`the service of ${spec.id}`, supervisor.stop);
  await supervisor.start({
    name: `${spec.id}-service`,
    file: new URL("./service/program.ts", import.meta.url),
    env: { SERVICE_SYSTEM: spec.id, SERVICE_PORTS: JSON.stringify(ports) },
  });
  await openControl(controlUrl(ports)).up();
  ready(`the sample service of ${spec.title}`);
  return ports;
}

/** Its Redis with the keys it has at the start; undefined where this machine has no redis-server. */
async function startCacheOf(
  spec: SystemSpec,
  { folder, cleanups, redisCommand, ready }: SampleNeeds,
): Promise<string | undefined> {
  if (redisCommand === undefined) return undefined;
  const [port = 0] = await freePorts(1);
  const redis = await startRedis(
    { name: "redis-system", command: redisCommand, port, settings: CACHE_SETTINGS },
    folder,
  );
  cleanups.add(`the Redis of ${spec.id}`, redis.stop);
  const client = new Redis(redis.url);
  for (const { key, value, seconds } of spec.keys) {
    await client.set(key, value);
    if (seconds !== undefined) await client.expire(key, seconds);
  }
  await client.quit();
  ready(`the Redis of ${spec.title}`);
  return redis.url;
}

interface Database {
  readonly adminUrl: string;
  readonly appUrl: string;
  readonly botUrl: string;
}

async function startDatabaseOf(
  { id, title, tables }: SystemSpec,
  { folder, cleanups, secrets, binaries, ready }: SampleNeeds,
): Promise<Database> {
  const [port = 0] = await freePorts(1);
  const cluster = await startCluster(
    { name: "postgres-system", port, settings: SETTINGS, superuserPassword: secrets.superuser },
    binaries,
    folder,
  );
  cleanups.add(`the Postgres of ${id}`, cluster.stop);
  await buildDatabase("app", cluster.adminUrl, secrets, tables);
  ready(`the Postgres of ${title}`);
  return {
    adminUrl: cluster.adminUrl("app"),
    appUrl: cluster.url(ROLES.app, secrets.app, "app"),
    botUrl: cluster.url(ROLES.bot, secrets.bot, "app"),
  };
}

/** The system as its faults see it. */
async function bring(
  spec: SystemSpec,
  { cleanups }: SampleNeeds,
  parts: {
    readonly file: (path: string) => string;
    readonly ports: Readonly<Record<string, number>>;
    readonly cacheUrl: string | undefined;
    readonly database: Database | undefined;
  },
): Promise<LiveSystem> {
  const { state, patch } = openControl(controlUrl(parts.ports));
  const cache = useCache(parts.cacheUrl, spec.id);
  cleanups.add(`who works with the cache of ${spec.id}`, cache.stop);
  const { adminUrl = "", appUrl = "" } = parts.database ?? {};
  const database = useDatabase(adminUrl, appUrl);
  cleanups.add(`the sessions of ${spec.id}`, database.stop);
  return { ...cache, ...database, state, patch, first: spec.service.state, file: parts.file };
}
