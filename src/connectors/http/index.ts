// What others may know of this kind.
export * from "./actions.ts";
export { httpConnector, httpConnectorWith, kind } from "./kind.ts";
