import pg from "pg";

/**
 * A session whose break is told to its queries and to who listens, and otherwise to nobody. The driver's own emits an error
 * that ends the process when nobody listens at that very moment: a server that is shut down while a session begins says so in
 * the same packet as "ready", before anybody who awaits the session can listen.
 */
export class PostgresSession extends pg.Client {
  /** Why it broke: the driver tells whoever asks afterwards only that it did. */
  brokenBy: unknown;

  /** Breaks it off: what was sent and is not answered fails at once. */
  cut(): void {
    this.connection.stream.destroy();
  }

  override emit(event: string | symbol, ...details: unknown[]): boolean {
    if (event === "error") this.brokenBy ??= details[0];
    if (event === "error" && this.listenerCount("error") === 0) return false;
    return super.emit(event as "error", ...(details as [Error]));
  }
}
