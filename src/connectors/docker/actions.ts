// Everything runbooks can ask of a Docker engine; one line per action file.
export { addReplica } from "./add-replica.ts";
export { containers, inspect, ping } from "./containers.ts";
export { dataFolder, space } from "./disk.ts";
export { events } from "./events.ts";
export { setLimits } from "./limits.ts";
export { logs } from "./logs.ts";
export { connectNetwork, disconnectNetwork } from "./network-member.ts";
export { networks } from "./networks.ts";
export { removeNetwork } from "./remove-network.ts";
export { removeReplica } from "./remove-replica.ts";
export { restartContainer } from "./restart.ts";
export { searchLogs } from "./search.ts";
export { startContainer } from "./start.ts";
export { stats } from "./stats.ts";
