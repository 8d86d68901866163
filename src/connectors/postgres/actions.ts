export { type Archive, archive } from "./archive.ts";
export type { Backend, BackendId } from "./backend.ts";
export { type Bloat, indexBloat, tableBloat } from "./bloat.ts";
export { clock } from "./clock.ts";
export { type Collations, collations } from "./collations.ts";
export { type ConnectionLimit, connectionLimit, setConnectionLimit } from "./connection-limit/index.ts";
export { type Failure, failureOf, firstFailure } from "./failures/index.ts";
export type { HeapCheck } from "./heap-check.ts";
export { type Horizon, type HorizonHolder, horizon } from "./horizon.ts";
export { type IndexUse, indexUse, type RedundantIndex, type UnusedIndex } from "./index-use.ts";
export { checkIndexes, type Integrity } from "./integrity.ts";
export { earlierIo, type Io, type IoCounters, io } from "./io.ts";
export { type LockTable, lockTable } from "./lock-table.ts";
export {
  type BlockedSession,
  type Blocking,
  blockedSessions,
  deadlocks,
  type LockParty,
  type LockRoot,
  type OpenTransactions,
  openTransactions,
} from "./locks.ts";
export { type PartitionGap, partitionGaps } from "./partition-gaps.ts";
export { type Plans, type StatementPlan, statementPlans, type WholeScan } from "./plan.ts";
export { query } from "./query.ts";
export { cancelQueued } from "./queue.ts";
export { earlierSizes, type RelationSizes, relationSizes } from "./relation-sizes.ts";
export {
  type Replication,
  type ReplicationSlot,
  replication,
  type SynchronousCommits,
} from "./replication.ts";
export { deleteOldRows } from "./retention/delete-old-rows.ts";
export { type OldRows, oldRows } from "./retention/facts.ts";
export { type Sequence, sequences } from "./sequences.ts";
export { checkConnection, checkTemporaryFile, type ServerState, serverState } from "./server.ts";
export { type SessionState, sessionState } from "./session-state.ts";
export { cancelStatements, idleSessions, terminateBlockers, terminateIdleSessions } from "./sessions.ts";
export { sessionsLeft } from "./sessions-left.ts";
export { earlierSettings, type Setting, type Settings, settings } from "./settings.ts";
export { type Sizes, sizes } from "./sizes.ts";
export { type ActiveStatement, activeStatements, type TopStatement, topStatements } from "./statements.ts";
export { analyzeTable, type IndexHints, indexHints } from "./tables.ts";
export {
  createIndex,
  dropIndex,
  type IndexState,
  indexState,
  MOST_BYTES,
  reindexIndex,
  type StatementLog,
  setStatementLog,
  statementLog,
  type TableState,
  tableState,
  vacuumTable,
} from "./upkeep/index.ts";
export { type ClientSessions, type ConnectionUsage, connectionsByClient, connectionUsage } from "./usage.ts";
export { type OverdueTable, type VacuumState, type VacuumWorker, vacuumState } from "./vacuum-state.ts";
