import { hostname } from "node:os";
import type { Config } from "../config/load.ts";
import type { Catalog } from "../core/ports/catalog.ts";
import { connectorsOf } from "../core/rules/connections.ts";
import { randomId } from "../lib/random-id.ts";
import { knownRedactor, type Redact, redactor } from "../lib/redact.ts";
import { createDispatcher, type QueueDispatcher } from "../queue/dispatcher.ts";
import { createStore, keepPulse, openPool, type Pool, type Store } from "../store/index.ts";
import { createLogger, type Logger } from "../telemetry/logger.ts";
import { createMetrics, type Metrics } from "../telemetry/metrics.ts";
import { VERSION } from "../version.ts";
import { crashAt } from "./crash.ts";
import { catalogOf, type Knowledge } from "./knowledge.ts";
import { tellQueue } from "./tell-queue.ts";

/** What every process has, whatever its role. */
export interface AppDeps {
  readonly config: Config;
  readonly knowledge: Knowledge;
  readonly catalog: Catalog;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Takes secrets out of text of others; see `redactor`. */
  readonly redact: Redact;
  /** The same for our own words: known secrets only. */
  readonly redactKnown: Redact;
  readonly pool: Pool;
  readonly store: Store;
  readonly dispatcher: QueueDispatcher;
  /** This process among all. */
  readonly worker: {
    readonly id: string;
    readonly host: string;
    readonly pid: number;
    readonly version: string;
  };
  close(): Promise<void>;
}

/**
 * Opens what every process has. `forPeople`: somebody waits for each answer, so a database that does not answer is noticed
 * within 3 s; workers have leases and deadlines instead. Nothing is connected yet; Postgres and the queue are connected at first use. */
export function openDeps(
  config: Config,
  knowledge: Knowledge,
  options: { maxConnections?: number; forPeople?: boolean } = {},
): AppDeps {
  const { environment } = config;
  const redact = redactor(config.secrets);
  const redactKnown = knownRedactor(config.secrets);
  const logger = createLogger({ level: environment.logLevel, redact });
  const actions = connectorsOf(knowledge.kinds).flatMap((connector) =>
    connector.actions.map(({ name }) => name),
  );
  const metrics = createMetrics({
    version: VERSION,
    runbooks: knowledge.runbooks.map((runbook) => runbook.id),
    actions,
  });
  const pool = openPool(environment.databaseUrl, {
    max: options.maxConnections ?? 10,
    applicationName: "diagbot",
  });
  const pulse = options.forPeople === true ? keepPulse(pool, environment.databaseUrl) : undefined;
  const { redisUrl, databaseUrl, prefix } = environment;
  const dispatcher = createDispatcher({ redisUrl, databaseUrl, prefix });
  const queue = tellQueue(dispatcher, metrics, logger);
  const store = createStore(
    pool,
    (touched) => {
      for (const { kind, id } of touched) queue.tell(kind, id);
    },
    {
      limits: config.limits,
      redactors: { all: redact, known: redactKnown },
      crash: crashAt(environment.crashAt),
    },
  );
  return {
    config,
    knowledge,
    catalog: catalogOf(config, knowledge),
    logger,
    metrics,
    redact,
    redactKnown,
    pool,
    store,
    dispatcher,
    worker: {
      id: `${hostname()}-${process.pid}-${randomId().slice(0, 6)}`,
      host: hostname(),
      pid: process.pid,
      version: VERSION,
    },
    close: async () => {
      queue.end();
      await dispatcher.close();
      await pulse?.stop();
      await pool.end();
    },
  };
}
