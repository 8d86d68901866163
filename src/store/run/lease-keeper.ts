import { Worker } from "node:worker_threads";
import type { Fence, LeaseKeeper } from "../../core/ports/run-store.ts";

/** Pulses in the shortest time in which the thread may find none. */
const PULSES = 4;

/**
 * Keeps the leases of the runs in hand from a thread of its own while work blocks this process's main loop, at most for
 * `silentMs`: then the process is killed (SIGKILL), its runs are taken over, and one that did so three times ends. A frozen
 * process (all its threads) keeps nothing and is not killed.
 */
export function createLeaseKeeper(options: {
  readonly databaseUrl: string;
  /** Owner of the leases. */
  readonly worker: string;
  readonly leaseMs: number;
  readonly silentMs: number;
}): LeaseKeeper {
  const tickMs = Math.max(20, Math.min(1_000, options.leaseMs / 6, options.silentMs / 4));
  const shared = new SharedArrayBuffer(16);
  const pulse = new Int32Array(shared, 0, 1);
  const heldAt = new BigInt64Array(shared, 8, 1);
  Atomics.store(heldAt, 0, process.hrtime.bigint());
  const thread = new Worker(new URL("./lease-thread.mjs", import.meta.url), {
    workerData: { ...options, tickMs, shared },
    execArgv: [],
  });
  // Without it the main loop renews alone, as long as it runs.
  thread.on("error", () => {});
  thread.unref();
  const timer = setInterval(() => Atomics.add(pulse, 0, 1), tickMs / PULSES);
  timer.unref();
  return {
    hold: ({ run, epoch }: Fence) => {
      thread.postMessage({ run, epoch });
      return () => thread.postMessage({ run, epoch: null });
    },
    sinceHeldMs: () => Number(process.hrtime.bigint() - Atomics.load(heldAt, 0)) / 1e6,
    stop: async () => {
      clearInterval(timer);
      await thread.terminate();
    },
  };
}
