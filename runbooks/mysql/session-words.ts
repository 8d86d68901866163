import { clip, count, type mysql, rows, sayDuration } from "../../src/sdk/index.ts";

/** A length of time for people; null: nobody knows. */
export const ago = (seconds: number | null): string =>
  seconds === null ? "an unknown time" : sayDuration(Math.round(seconds) * 1000);

/** `app@10.0.0.7`: the client without its port. */
export const sayWho = ({ user, host }: Pick<mysql.Session, "user" | "host">): string =>
  clip(`${user}@${host.replace(/:\d+$/, "")}`, 80);

/** What a session does now, and in what transaction. */
export function sayDoing({
  command,
  seconds,
  statement,
  transactionSeconds,
  rowsModified,
}: mysql.Session): string {
  const now =
    command === "Sleep"
      ? `asleep for ${ago(seconds)}`
      : `running for ${ago(seconds)} (${clip(statement || command, 60)})`;
  if (transactionSeconds === null) return now;
  const changed = (rowsModified ?? 0) > 0 ? ` that has changed ${count(rowsModified ?? 0, "row")}` : "";
  return `${now}, in a transaction open for ${ago(transactionSeconds)}${changed}`;
}

export const sessionTable = (title: string, sessions: readonly mysql.Session[]) =>
  rows(title, sessions.slice(0, 20), {
    session: (one) => one.id,
    who: sayWho,
    state: (one) => one.state || one.command,
    for: (one) => ago(one.seconds),
    transaction: (one) => (one.transactionSeconds === null ? "–" : ago(one.transactionSeconds)),
    statement: (one) => clip(one.statement, 80),
  });

/** Those that may be ended, as the write wants them. */
export const toEnd = (sessions: readonly mysql.Session[]) =>
  sessions
    .filter(({ spared }) => spared === null)
    .slice(0, 50)
    .map(({ id, user, host, transaction, queryId }) => ({ id, user, host, transaction, queryId }));
