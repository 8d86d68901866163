export { LogFound } from "../log-groups.ts";
export { removeDropIn, writeDropIn } from "./drop-in.ts";
export { lastLines } from "./journal.ts";
export { daemonReload, reloadUnit } from "./reload.ts";
export { restartUnit } from "./restart.ts";
export { searchJournal } from "./search.ts";
export { startUnit, stopUnit } from "./start.ts";
export { units } from "./units.ts";
export { use } from "./use.ts";
