import { sayDuration } from "../../core/words/duration.ts";
import { waitFor } from "../../lib/wait.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Door } from "../receive.ts";
import { type Scheduled, slotKey, slotOf } from "./due.ts";
import { type MaintenanceDeps, openWindows } from "./maintenance.ts";

const EVERY_MS = 1_000;

export interface SchedulerDeps {
  readonly schedules: readonly Scheduled[];
  readonly door: Pick<Door, "receive">;
  /** Default: nothing is planned. */
  readonly maintenance?: Pick<MaintenanceDeps, "catalog" | "intake">;
  /** Whether this process starts schedules now; one of all does. Rejects where nobody can say. */
  readonly lead: () => Promise<boolean>;
  readonly resign: () => Promise<void>;
  readonly logger: Logger;
  /** Tests only. */
  readonly now?: () => Date;
  readonly everyMs?: number;
}

/**
 * Starts what diagbot.yaml schedules, through the same door as everything. Every start has a key of its schedule and slot, so
 * that several processes, a crash or a wiped queue never make two of one. What was missed while nothing ran is not made up for.
 */
export function createScheduler(deps: SchedulerDeps): { start(): void; stop(): Promise<void> } {
  const stopping = new AbortController();
  let loop: Promise<void> = Promise.resolve();
  return {
    start: () => {
      const isPlanned = (deps.maintenance?.catalog.maintenance ?? []).length > 0;
      if (deps.schedules.length > 0 || isPlanned) loop = run(deps, stopping.signal);
    },
    stop: async () => {
      stopping.abort();
      await loop;
      await deps.resign().catch(() => {});
    },
  };
}

async function run(deps: SchedulerDeps, stop: AbortSignal): Promise<void> {
  const asked = new Map<Scheduled, number>();
  const opened = new Set<string>();
  const { maintenance, logger, now = () => new Date() } = deps;
  while (!stop.aborted) {
    if (await deps.lead().catch(() => false)) {
      // First: what is asked of a system in maintenance is judged by it. Without a store the next look opens it.
      if (maintenance !== undefined)
        await openWindows({ ...maintenance, logger }, opened, now()).catch(() => {});
      await tick(deps, asked, stop);
    }
    await waitFor(deps.everyMs ?? EVERY_MS, stop);
  }
}

/** Asks for every slot that has begun since it was last asked for. */
async function tick(
  { schedules, door, logger, now = () => new Date() }: SchedulerDeps,
  asked: Map<Scheduled, number>,
  stop: AbortSignal,
): Promise<void> {
  for (const schedule of schedules) {
    if (stop.aborted) return;
    const slot = slotOf(schedule, now());
    if (asked.get(schedule) === slot.getTime()) continue;
    const { system, runbook, everyMs } = schedule;
    const every = `every ${sayDuration(everyMs)}`;
    const entry = {
      source: "schedule" as const,
      dedupeKey: slotKey(schedule, slot),
      raw: JSON.stringify({ system, runbook, every, slot: slot.toISOString() }),
    };
    const caller = { via: "schedule" as const, name: every };
    const { error } = await door.receive(entry, { do: "run", system, runbook, params: {} }, caller, {});
    // Nothing was stored: the same slot is asked for again.
    if (error?.code === "store_unavailable") return;
    asked.set(schedule, slot.getTime());
    if (error !== undefined && error.code !== "busy")
      logger.warn({ system, runbook, code: error.code }, `not started: ${error.message}`);
  }
}
