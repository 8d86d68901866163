export * from "./actions/index.ts";
export { kind } from "./kind.ts";
