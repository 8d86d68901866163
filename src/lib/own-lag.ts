import { setTimeout as delay } from "node:timers/promises";

const WAIT_MS = 2;

/**
 * How much later than asked this process wakes up now, in milliseconds: a busy event loop, or a machine without a free CPU.
 * What is timed here is late by as much, whoever answers.
 */
export async function ownLag(): Promise<number> {
  const start = performance.now();
  await delay(WAIT_MS);
  return Math.max(0, performance.now() - start - WAIT_MS);
}
