import { type House, openHouse } from "./app/house.ts";
import { ingressPart, opsPart } from "./app/ingress.ts";
import type { Part } from "./app/part.ts";
import { requireAll } from "./app/requirements.ts";
import { workerPart } from "./app/worker.ts";
import { answerParent, startWorkerProcess } from "./app/worker-process.ts";
import type { Config } from "./config/load.ts";
import { migrate } from "./store/index.ts";
import { levelOf } from "./telemetry/level.ts";

export type Role = "all" | "ingress" | "worker";

/** A running process. */
export interface App {
  /** Where the doors listen; 0 where there are none. */
  readonly port: number;
  /** Takes nothing new, finishes what is begun, closes everything. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Builds and starts diagbot in this process. The doors never share an event loop with work: role `all` opens the doors
 * here and starts the workers in a process of their own.
 */
export async function startApp(
  config: Config,
  role: Role,
  edges: { spawnWorker?: typeof startWorkerProcess } = {},
): Promise<App> {
  const house = openHouse(config, { forPeople: role !== "worker" });
  const parts: Part[] = [];
  try {
    await ready(house, role);
    const port = await startParts(house, role, parts, edges.spawnWorker ?? startWorkerProcess);
    let stopping: Promise<void> | undefined;
    return { port, stop: () => (stopping ??= stopAll(house, parts)) };
  } catch (error) {
    await stopAll(house, parts);
    throw error;
  }
}

async function startParts(
  house: House,
  role: Role,
  parts: Part[],
  spawnWorker: typeof startWorkerProcess,
): Promise<number> {
  if (role === "worker") {
    const worker = workerPart(house);
    parts.push(worker);
    if (process.send !== undefined) {
      // Without its parent nobody would stop it.
      answerParent(house.metrics.json, () => process.kill(process.pid, "SIGTERM"));
      return 0;
    }
    const ops = await opsPart(house, worker.health);
    parts.push(ops);
    return ops.port;
  }
  const child = role === "all" ? spawnWorker(house) : undefined;
  if (child !== undefined) parts.push(child);
  const text =
    child === undefined ? {} : { metricsText: async () => child.metrics(await house.metrics.json()) };
  const ingress = await ingressPart(house, { health: child?.health ?? {}, ...text });
  parts.push(ingress);
  return ingress.port;
}

/** Refuses what `doctor` calls missing, with a reason, instead of half working; says loudly what may be meant. */
async function ready(house: House, role: Role): Promise<void> {
  const { environment, warnings } = house.config;
  for (const warning of warnings) house.logger.warn(warning);
  if (environment.redisUrl === undefined)
    house.logger.info(
      "REDIS_URL is not set: the queue runs in Postgres. A second machine or real load wants Redis",
    );
  await requireAll(house, role);
  const applied = await migrate(house.pool);
  if (applied.length > 0) house.logger.info({ applied }, "migrated");
  house.logger.info(
    { role, systems: house.config.systems.length, runbooks: house.catalog.runbooks.length },
    "starting",
  );
}

async function stopAll(house: House, parts: readonly Part[]): Promise<void> {
  for (const part of parts.toReversed())
    await part
      .stop()
      .catch((error: unknown) =>
        house.logger[levelOf(error)]({ err: error, part: part.name }, "a part did not stop cleanly"),
      );
  await house
    .close()
    .catch((error: unknown) =>
      house.logger[levelOf(error)]({ err: error }, "the store did not close cleanly"),
    );
}
