export * from "./actions.ts";
export { kind } from "./kind.ts";
