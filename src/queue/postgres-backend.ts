import { createPostgresBackend } from "bullmq";
import pg from "pg";
import { PostgresSession } from "../lib/postgres-session.ts";

/**
 * BullMQ's own backend over sessions that cannot end the process: those of its pool, and the one it waits for notifications
 * with, for which it has no setting (6.7.0).
 */
export const createBackend: typeof createPostgresBackend = (name, options, more) => {
  const { connection } = options;
  const ours = typeof connection === "object" ? { ...connection, Client: PostgresSession } : connection;
  const backend = createPostgresBackend(name, { ...options, connection: ours }, more);
  Reflect.set(backend.connection, "pgModule", { ...pg, Client: PostgresSession });
  return backend;
};
