export * from "./actions/index.ts";
export { kind, mysqlConnector } from "./kind.ts";
