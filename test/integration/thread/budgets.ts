import type { Budgets } from "../../../src/thread/sender.ts";

/** Waits short enough for tests; the order of sizes is the real one. */
export const QUICK: Partial<Budgets> = {
  postIntervalMs: 5,
  updatesPerMinute: 100_000,
  urgentReserve: 10,
  progressIntervalMs: 5,
  arrivalMs: 60,
  rereadMs: 60,
  timeoutMs: 400,
  pollMs: 40,
  lookIntervalMs: 10,
  slowMs: 200,
  channelFreshMs: 200,
  inspectMs: 100,
};
