export { searchLogs, streams } from "./search.ts";
