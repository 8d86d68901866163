// What others may know of this kind.
export * from "./actions.ts";
export { hostConnector, kind } from "./kind.ts";
