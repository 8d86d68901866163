// Everything runbooks can ask of a cluster; one line per action file.
export { events } from "./reads/events.ts";
export { logs } from "./reads/logs.ts";
export { pods } from "./reads/pods.ts";
export { version } from "./reads/version.ts";
export { workloads } from "./reads/workloads.ts";
