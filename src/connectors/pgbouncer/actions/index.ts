export { type BouncedDatabase, databases } from "./databases.ts";
export { type Pool, type PoolSample, samplePools } from "./pools.ts";
export { type BouncerState, serverState } from "./state.ts";
