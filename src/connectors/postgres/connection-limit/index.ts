export { type ConnectionLimit, connectionLimit } from "./facts.ts";
export { setConnectionLimit } from "./set.ts";
