export { kind } from "./kind.ts";
