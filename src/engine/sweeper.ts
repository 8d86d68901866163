import type { Dispatcher } from "../core/ports/queue.ts";
import type { SweepStore } from "../core/ports/sweep-store.ts";
import { toDiagError } from "../core/words/errors.ts";
import { waitFor } from "../lib/wait.ts";
import type { Logger } from "../telemetry/logger.ts";

interface SweeperDeps {
  readonly store: SweepStore;
  readonly dispatcher: Dispatcher;
  readonly logger: Logger;
  /** This process's name, its place and version: the sign of life others see. */
  readonly worker: {
    readonly id: string;
    readonly host: string;
    readonly pid: number;
    readonly version: string;
  };
  readonly everyMs?: number;
  /** `alerts.stale` of diagbot.yaml. */
  readonly staleMs: number;
  /** `keep.runs` of diagbot.yaml. */
  readonly keepMs?: number | undefined;
  /** Told how many writes wait for a human to say whether they happened. */
  readonly onUnknown?: (writes: number) => void;
}

const LEASE_MS = 5_000;
/** Sweeps between two counts of what waits for a human's word. */
const COUNT_EVERY = 10;
/** Sweeps between two looks for incidents of which nothing is heard. */
const STALE_EVERY = 60;
/** Sweeps between two prunings: about an hour. */
const PRUNE_EVERY = 3_600;

/** Sweeps between two batches of old threads that are forgotten: a backlog of years goes within hours, unnoticed. */
const FORGET_EVERY = 10;

/**
 * Keeps things moving that nobody is told about: runs whose worker died, jobs a wiped queue has lost, approvals and
 * freezes whose time is over. One process sweeps; every process gives its sign of life.
 */
export function createSweeper(deps: SweeperDeps): { start(): void; stop(): Promise<void> } {
  const stopping = new AbortController();
  let loop: Promise<void> = Promise.resolve();
  return {
    start: () => {
      loop = run(deps, stopping.signal);
    },
    stop: async () => {
      stopping.abort();
      await loop;
      await deps.store.resign("sweeper", deps.worker.id).catch(() => {});
      await deps.store.gone(deps.worker.id).catch(() => {});
    },
  };
}

async function run(deps: SweeperDeps, stop: AbortSignal): Promise<void> {
  for (let sweeps = 0; !stop.aborted; sweeps++) {
    await sweep(deps, sweeps).catch((error: unknown) => {
      deps.logger.warn(
        { code: toDiagError(error, "store_unavailable").code },
        "the sweep could not be made; it will be tried again",
      );
    });
    await waitFor(deps.everyMs ?? 1_000, stop);
  }
}

async function sweep(
  { store, dispatcher, worker, onUnknown, staleMs, keepMs }: SweeperDeps,
  sweeps: number,
): Promise<void> {
  if (!(await store.beat(worker, { name: "sweeper", leaseMs: LEASE_MS }))) return;
  const due = await store.due();
  if (due.audit) await store.chainAudit();
  if (due.freezes) await store.thaw();
  if (due.offers) await store.endOffers();
  if (due.followers) await store.endFollowing();
  if (due.incidents) await store.startDueRuns();
  if (sweeps % STALE_EVERY === 0) await store.markStale(staleMs);
  if (sweeps % PRUNE_EVERY === 0) await store.prune();
  if (keepMs !== undefined && sweeps % FORGET_EVERY === 0) await store.pruneThreads(keepMs);
  if (sweeps % COUNT_EVERY === 0) onUnknown?.(await store.unknownOutcomes());
  if (!due.runs) return;
  const runs = await store.dueRuns(200);
  await Promise.allSettled(runs.map((run) => dispatcher.dispatch("run", run)));
}
