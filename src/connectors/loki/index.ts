export * from "./actions.ts";
export { kind, lokiConnector } from "./kind.ts";
