// What others may know of this kind.
export * from "./actions.ts";
export { dockerConnector, kind } from "./kind.ts";
