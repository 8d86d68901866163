export * from "./actions/index.ts";
export { kind, pgbouncerConnector } from "./kind.ts";
