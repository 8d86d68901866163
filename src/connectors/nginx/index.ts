// What others may know of this kind.
export * from "./actions.ts";
export { kind } from "./kind.ts";
