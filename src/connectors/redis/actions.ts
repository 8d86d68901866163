export { failureOf, failuresIn, type RedisFailure } from "./failure.ts";
export { killScript, POLICIES, setEvictionPolicy, setMaxmemory } from "./limits.ts";
export { type RedisRates, sampleRates, slowCommands } from "./rates.ts";
export { type KeySample, sampleKeys } from "./sample.ts";
export { checkConnection, checkWrite, type RedisState, serverState } from "./server.ts";
export { values } from "./values.ts";
