import { connectorsOf } from "../core/rules/connections.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import { createTargets } from "../engine/targets.ts";
import { createLeaseKeeper } from "../store/index.ts";
import { crashAt } from "./crash.ts";
import type { AppDeps } from "./deps.ts";

const LEASE_MS = 15_000;
/** A worker whose loop is blocked for so long is ended. */
const SILENT_MS = 20_000;

/** An engine of this process and the way to close its connections. */
export function engineOf(deps: AppDeps): Engine & { close(): Promise<void> } {
  const { store, worker, logger, metrics } = deps;
  const targets = createTargets(connectorsOf(deps.catalog.kinds));
  const { databaseUrl } = deps.config.environment;
  const keeper = createLeaseKeeper({
    databaseUrl,
    worker: worker.id,
    leaseMs: LEASE_MS,
    silentMs: SILENT_MS,
  });
  const engine = createEngine(
    {
      keeper,
      store: store.runs,
      catalog: deps.catalog,
      targets,
      redact: deps.redact,
      redactKnown: deps.redactKnown,
      logger,
      events: {
        step: (action, outcome, ms) => metrics.stepEnded(action, outcome, ms / 1000),
        remedy: metrics.remedyEnded,
        run: (runbook, status, outcome, ms) => metrics.runEnded(runbook, status, outcome, ms / 1000),
        leaseLost: metrics.leaseLost,
      },
      crash: crashAt(deps.config.environment.crashAt),
    },
    { worker: worker.id, leaseMs: LEASE_MS },
  );
  const close = async () => void (await Promise.all([targets.close(), keeper.stop()]));
  return { ...engine, close };
}
