// What others may know of this kind.
export * from "./actions.ts";
export { kind, networkConnector, networkConnectorWith, tlsHealth } from "./kind.ts";
