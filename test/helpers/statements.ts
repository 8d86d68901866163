import { PostgresSession } from "../../src/lib/postgres-session.ts";

/** Statements that this process sends to databases, BEGIN and COMMIT counted, while `work` runs. */
export async function statementsOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  const sent: string[] = [];
  // Of the class itself: a pool makes sessions as it needs them.
  PostgresSession.prototype.query = function query(this: PostgresSession, ...args: readonly unknown[]) {
    const [asked] = args;
    sent.push(typeof asked === "string" ? asked : String(Object(asked).text));
    return Reflect.apply(Object.getPrototypeOf(PostgresSession.prototype).query, this, args);
  } as typeof PostgresSession.prototype.query;
  try {
    await work();
    return sent;
  } finally {
    Reflect.deleteProperty(PostgresSession.prototype, "query");
  }
}
