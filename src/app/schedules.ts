import type { Config } from "../config/load.ts";
import type { Catalog } from "../core/ports/catalog.ts";
import { runnableOn } from "../ingress/check-run.ts";
import type { Scheduled } from "../ingress/schedule/due.ts";
import { createScheduler } from "../ingress/schedule/scheduler.ts";
import type { AppDeps } from "./deps.ts";
import { doorOf } from "./door.ts";

const LEASE_MS = 8_000;

/** What is started by itself: `schedules:`, and every check with `every:` on each system it may run on. The former win. */
export function schedulesOf(
  { checks, schedules }: Pick<Config, "checks" | "schedules">,
  catalog: Catalog,
): Scheduled[] {
  const all = new Map<string, Scheduled>();
  const add = (one: Scheduled) => all.set(`${one.system}/${one.runbook}`, one);
  for (const { check } of checks)
    for (const system of catalog.systems)
      if (check.every !== undefined && runnableOn(catalog, system).some(({ id }) => id === check.id))
        add({ system: system.id, runbook: check.id, everyMs: check.every });
  for (const { system, runbook, every } of schedules) add({ system, runbook, everyMs: every });
  return [...all.values()];
}

/** The scheduler of this process; one process of all leads. */
export function schedulerOf(deps: AppDeps): ReturnType<typeof createScheduler> {
  const { store, worker, logger, config, catalog } = deps;
  return createScheduler({
    schedules: schedulesOf(config, catalog),
    door: doorOf(deps),
    maintenance: { catalog, intake: store.intake },
    lead: () => store.sweep.lead("scheduler", worker.id, LEASE_MS),
    resign: () => store.sweep.resign("scheduler", worker.id),
    logger,
  });
}
