// Everything runbooks can ask of a cluster; one line per action file.
export { autoscalers } from "./reads/autoscalers.ts";
export { claims } from "./reads/claims.ts";
export { events } from "./reads/events.ts";
export { logs } from "./reads/logs.ts";
export { nodes } from "./reads/nodes.ts";
export { pods } from "./reads/pods.ts";
export { quotas } from "./reads/quotas.ts";
export { revisions } from "./reads/revisions.ts";
export { usage } from "./reads/usage.ts";
export { version } from "./reads/version.ts";
export { workloads } from "./reads/workloads.ts";
export { deletePod } from "./writes/delete-pod.ts";
export { rolloutRestart, setPaused } from "./writes/rollout.ts";
export { rolloutUndo } from "./writes/rollout-undo.ts";
export { scale, setAutoscalerBounds } from "./writes/scale.ts";
export { setResources } from "./writes/set-resources.ts";
export { setCordoned, setSuspended } from "./writes/switches.ts";
