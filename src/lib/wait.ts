import { setTimeout as delay } from "node:timers/promises";

/** Resolves after `ms`, or at once when the signal fires (never rejects). */
export const waitFor = async (ms: number, signal?: AbortSignal): Promise<void> => {
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
};
