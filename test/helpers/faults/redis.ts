// Damage that tests and the lab do to a private Redis.
import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";

const MIB = 1024 ** 2;

/** Fills it to the limit of 12 MiB for certain: the buffers of a client alone move used memory by some kilobytes. */
export async function fillRedis(app: Redis, prefix: string): Promise<void> {
  await app.config("SET", "maxmemory", "0");
  const value = "x".repeat(10_000);
  for (let n = 0; Number(/used_memory:(\d+)/.exec(await app.info("memory"))?.[1]) < 12.5 * MIB; n++)
    await app.set(`${prefix}:${n}`, value);
  await app.config("SET", "maxmemory", 12 * MIB);
}

/** Does something over and over until it is told to stop, which waits for the last time; `everyMs` between two, at least. */
export function keepDoing(work: (n: number) => Promise<unknown>, everyMs = 0): () => Promise<void> {
  let isBusy = true;
  const traffic = (async () => {
    for (let n = 0; isBusy; n++) {
      await work(n);
      if (everyMs > 0) await delay(everyMs);
    }
  })();
  return async () => {
    isBusy = false;
    await traffic;
  };
}
