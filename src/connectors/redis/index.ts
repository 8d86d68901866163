// What others may know of this kind.
export * from "./actions.ts";
export { kind, redisConnector } from "./kind.ts";
