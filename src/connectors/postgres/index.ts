// What others may know of this kind.
export * from "./actions.ts";
export { kind, postgresConnector } from "./kind.ts";
