// Everything runbooks can ask of a machine; one line per action file.
export { type Clock, clock } from "./clock.ts";
export { deletedOpen } from "./deleted-open.ts";
export { type Disk, disk } from "./disk.ts";
export type { FileSystem } from "./file-system.ts";
export { familyOf } from "./file-systems.ts";
export { type Handles, handles } from "./handles.ts";
export { largest } from "./largest.ts";
export { load } from "./load.ts";
export { type Memory, memory } from "./memory.ts";
export { oomKills } from "./oom.ts";
export { type Fault, faultsOf, fullPlaces, isNearlyFull, type Place } from "./places.ts";
export { processBudgets } from "./process-budgets.ts";
export { processes } from "./processes.ts";
export { removable } from "./removable.ts";
export { removeFiles } from "./remove-files.ts";
export { type Sockets, sockets } from "./sockets.ts";
export { type Stuck, stuck } from "./stuck.ts";
export { processRuns, terminateProcess } from "./terminate.ts";
