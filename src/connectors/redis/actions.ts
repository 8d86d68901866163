export { checkWrite } from "./check-write.ts";
export { type ClientGroup, listClients } from "./clients.ts";
export { FOLLOWS_FROM_INTRUSION } from "./compromised.ts";
export { checkConnection } from "./connection.ts";
export type { Expiry } from "./expiry.ts";
export { failureOf, failuresIn } from "./failure.ts";
export { type FoundKey, type FoundKeys, findKeys, MOST_KEYS, namedKeys } from "./find-keys.ts";
export { health } from "./health.ts";
export { lookForIntrusion } from "./intrusion.ts";
export { killScript } from "./kill-script.ts";
export { POLICIES, setEvictionPolicy, setMaxmemory } from "./limits.ts";
export {
  type BesideKeys,
  buffersOf,
  MOST,
  type RedisMemory,
  SAY_PART,
  takenBesideKeys,
} from "./memory.ts";
export { bringBackKeys, putAwayKeys } from "./put-away.ts";
export { queueJobs } from "./queues/bullmq-change.ts";
export { setQueuePaused } from "./queues/bullmq-pause.ts";
export { removeJob } from "./queues/bullmq-remove.ts";
export { retryFailedJobs } from "./queues/bullmq-retry.ts";
export type { RedisQueue } from "./queues/queue.ts";
export { queues } from "./queues/queues.ts";
export { type RedisRates, sampleRates } from "./rates.ts";
export { type KeySample, sampleKeys } from "./sample.ts";
export { serverState } from "./server-state.ts";
export { slowCommands } from "./slow.ts";
export { standingOf } from "./standing.ts";
export type { RedisState } from "./state.ts";
export { unknownMaster } from "./unknown-master.ts";
export { values } from "./values.ts";
