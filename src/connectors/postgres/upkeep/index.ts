export { createIndex } from "./create-index.ts";
export { dropIndex } from "./drop-index.ts";
export { type IndexState, indexState } from "./index-state.ts";
export { reindexIndex } from "./reindex.ts";
export { setStatementLog } from "./set-statement-log.ts";
export { type StatementLog, statementLog } from "./statement-log.ts";
export { MOST_BYTES } from "./table-facts.ts";
export { type TableState, tableState } from "./table-state.ts";
export { vacuumTable } from "./vacuum-table.ts";
