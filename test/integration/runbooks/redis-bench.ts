import { Redis } from "ioredis";
import { networkConnector } from "../../../src/connectors/network/index.ts";
import { redisConnector } from "../../../src/connectors/redis/index.ts";
import type { Runbook } from "../../../src/core/words/runbook.ts";
import { type RedisServer, startRedis } from "../../helpers/redis-server.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";

/** What a test leaves to be ended. */
export const endings: (() => unknown)[] = [];

/** Ends it. For `afterEach` of the file: one in here would be of the first file that reads this only. */
export const endAll = async (): Promise<void> => {
  for (const end of endings.splice(0).reverse()) await end();
};

export const start = async (...extra: string[]): Promise<RedisServer> => {
  const server = await startRedis(extra);
  endings.push(() => server.stop());
  return server;
};

export const open = (url: string): Redis => {
  const client = new Redis(url, { retryStrategy: () => null });
  client.on("error", () => {});
  endings.push(() => client.disconnect());
  return client;
};

export const bench = (connections: Record<string, unknown>, uses?: Record<string, string>): Bench => {
  const made = openBench({
    connections,
    connectors: [redisConnector, networkConnector],
    ...(uses === undefined ? {} : { uses }),
  });
  endings.push(() => made.close());
  return made;
};

export const diagnose = (runbook: Runbook, url: string, role = "mixed"): Promise<Diagnosis> =>
  bench({ cache: { kind: "redis", url, role } }).diagnose(runbook);

export const ids = ({ findings }: Diagnosis) => findings.map(({ id, severity }) => `${severity} ${id}`);

/** Everything that is said, to look for what must not be. */
export const words = (run: Diagnosis): string =>
  JSON.stringify([
    run.findings,
    ...run.findings.flatMap(({ remedies }) => remedies.map((key) => adviceOf(run, key))),
  ]);

const adviceOf = (run: Diagnosis, key: string): string => {
  try {
    return run.advice(key);
  } catch {
    return `does ${key}`;
  }
};
