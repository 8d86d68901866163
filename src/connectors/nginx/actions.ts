export { certificates } from "./certificates.ts";
export { config } from "./config.ts";
export type { Kind as LogKind } from "./log-kinds.ts";
export { logs } from "./logs.ts";
export { processes } from "./processes.ts";
export { reload } from "./reload.ts";
export { status } from "./status.ts";
export { upstreams } from "./upstreams.ts";
