import type { Connector } from "../../core/words/action.ts";
import type { ConnectionOf } from "../../core/words/connection.ts";
import * as postgres from "./actions.ts";
import { checkPostgres } from "./check.ts";
import { openPostgres, type PostgresClient } from "./client.ts";
import { postgresTrouble } from "./trouble.ts";

/** Postgres: looks in READ ONLY transactions, signals sessions by (pid, start) only. */
export const postgresConnector: Connector<PostgresClient> = {
  needs: "postgres",
  actions: [
    postgres.checkConnection,
    postgres.checkTemporaryFile,
    postgres.checkIndexes,
    postgres.sizes,
    postgres.serverState,
    postgres.replication,
    postgres.connectionUsage,
    postgres.connectionsByClient,
    postgres.idleSessions,
    postgres.sessionsLeft,
    postgres.activeStatements,
    postgres.topStatements,
    postgres.indexHints,
    postgres.blockedSessions,
    postgres.openTransactions,
    postgres.deadlocks,
    postgres.terminateIdleSessions,
    postgres.terminateBlockers,
    postgres.cancelStatements,
    postgres.analyzeTable,
  ].map(({ action }) => action),
  open: (connection) => openPostgres((connection as ConnectionOf<"postgres">).url),
  check: checkPostgres,
  close: (client) => client.close(),
  trouble: postgresTrouble,
};
