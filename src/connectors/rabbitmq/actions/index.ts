export { depth, MOST_PURGED, purgeQueue } from "./purge.ts";
export { queues, type RabbitQueue } from "./queues.ts";
export { state } from "./state.ts";
