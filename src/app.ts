import { type AppDeps, openDeps } from "./app/deps.ts";
import type { Part } from "./app/part.ts";
import type { Product } from "./app/product.ts";
import { requireAll } from "./app/requirements.ts";
import { answerParent, startWorkerProcess } from "./app/worker-process.ts";
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
 * Builds and starts diagbot in this process, which loads what its role needs. The doors never share an event loop with work: role `all` opens the doors
 * here and starts the workers in a process of their own.
 */
export async function startApp(
  { config, knowledge }: Product,
  role: Role,
  edges: { spawnWorker?: typeof startWorkerProcess } = {},
): Promise<App> {
  const deps = openDeps(config, knowledge, { forPeople: role !== "worker" });
  const parts: Part[] = [];
  try {
    await ready(deps, role);
    const port = await startParts(deps, role, parts, edges.spawnWorker ?? startWorkerProcess);
    let stopping: Promise<void> | undefined;
    return { port, stop: () => (stopping ??= stopAll(deps, parts)) };
  } catch (error) {
    await stopAll(deps, parts);
    throw error;
  }
}

async function startParts(
  deps: AppDeps,
  role: Role,
  parts: Part[],
  spawnWorker: typeof startWorkerProcess,
): Promise<number> {
  if (role === "worker") {
    const { workerPart } = await import("./app/worker.ts");
    const worker = workerPart(deps);
    parts.push(worker);
    if (process.send !== undefined) {
      // Without its parent nobody would stop it.
      answerParent(deps.metrics.json, () => process.kill(process.pid, "SIGTERM"));
      return 0;
    }
    const { opsPart } = await import("./app/ops.ts");
    const ops = await opsPart(deps, worker.health);
    parts.push(ops);
    return ops.port;
  }
  const child = role === "all" ? spawnWorker(deps) : undefined;
  if (child !== undefined) parts.push(child);
  const text =
    child === undefined ? {} : { metricsText: async () => child.metrics(await deps.metrics.json()) };
  const { ingressPart } = await import("./app/ingress.ts");
  const ingress = await ingressPart(deps, { health: child?.health ?? {}, ...text });
  parts.push(ingress);
  return ingress.port;
}

/** Refuses what `doctor` calls missing, with a reason, instead of half working; says loudly what may be meant. */
async function ready(deps: AppDeps, role: Role): Promise<void> {
  const { environment, warnings } = deps.config;
  for (const warning of [...warnings, ...deps.knowledge.warnings]) deps.logger.warn(warning);
  for (const line of deps.knowledge.leftOut) deps.logger.warn(`left out: ${line}`);
  if (environment.redisUrl === undefined)
    deps.logger.info(
      "REDIS_URL is not set: the queue runs in Postgres. A second machine or real load wants Redis",
    );
  await requireAll(deps, role);
  const applied = await migrate(deps.pool);
  if (applied.length > 0) deps.logger.info({ applied }, "migrated");
  deps.logger.info(
    { role, systems: deps.config.systems.length, runbooks: deps.catalog.runbooks.length },
    "starting",
  );
}

async function stopAll(deps: AppDeps, parts: readonly Part[]): Promise<void> {
  for (const part of parts.toReversed())
    await part
      .stop()
      .catch((error: unknown) =>
        deps.logger[levelOf(error)]({ err: error, part: part.name }, "a part did not stop cleanly"),
      );
  await deps
    .close()
    .catch((error: unknown) =>
      deps.logger[levelOf(error)]({ err: error }, "the store did not close cleanly"),
    );
}
