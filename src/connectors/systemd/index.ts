export * from "./actions.ts";
export { kind, systemdConnector } from "./kind.ts";
