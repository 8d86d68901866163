import pg from "pg";

/** A database session somebody holds, well or badly. Being terminated is its normal end. */
export interface Session {
  /** Resolves when the statement has been answered; rejects when it failed or the session was ended. */
  run(sql: string): Promise<void>;
  /** Sends the statement and does not wait: it may block or run for hours. */
  begin(sql: string): void;
  close(): Promise<void>;
}

/** Opens a session. Throws when the server refuses, for instance with 53300. */
export async function openSession(connectionString: string, application_name: string): Promise<Session> {
  const client = new pg.Client({ connectionString, application_name, connectionTimeoutMillis: 3000 });
  client.on("error", () => undefined);
  await client.connect();
  return {
    run: async (sql) => {
      await client.query(sql);
    },
    begin: (sql) => {
      client.query(sql).catch(() => undefined);
    },
    close: async () => {
      // The socket is cut rather than ended politely: a session in the middle of a statement would keep us waiting.
      const { connection } = client as unknown as { connection: { stream: { destroy(): void } } };
      connection.stream.destroy();
      await client.end().catch(() => undefined);
    },
  };
}
