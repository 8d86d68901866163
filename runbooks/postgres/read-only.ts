import { type Finding, type postgres, sqlName } from "../../src/sdk/index.ts";

type State = Pick<postgres.ServerState, "inRecovery" | "isReadOnly" | "readOnlySource" | "database" | "role">;

/** Whose setting it is, by pg_settings.source (Postgres manual, "pg_settings"). */
const ofRole = ({ readOnlySource }: State): boolean => /\buser\b/.test(readOnlySource);

/** A primary whose transactions are read-only by default: for everybody, for one database, or for the role of the URL alone. */
export function readOnlyFinding(state: State): Finding<"findPrimary"> | undefined {
  if (state.inRecovery || !state.isReadOnly) return undefined;
  if (ofRole(state))
    return {
      id: "read-only-role",
      severity: "info",
      title: `Transactions of the role ${state.role} are read-only by default: it is set for that role`,
      because:
        "The server is a primary and takes writes of others. Usual for a role that only looks; wrong where an application writes with it (25006).",
      remedies: ["findPrimary"],
    };
  const where = state.readOnlySource === "database" ? `, set for the database ${state.database}` : "";
  return {
    id: "read-only",
    severity: "critical",
    title: `Postgres transactions are read-only by default${where}: writes fail (25006)`,
    because: `default_transaction_read_only is on, although the server is a primary${where === "" ? "" : "; other databases are not concerned"}. Providers set it when the storage is used up; it is also left over from migrations.`,
    remedies: ["findPrimary"],
  };
}

const SCOPE = (state: State): string => {
  if (state.readOnlySource === "database user")
    return `ALTER ROLE ${sqlName(state.role)} IN DATABASE ${sqlName(state.database)} RESET default_transaction_read_only`;
  if (ofRole(state)) return `ALTER ROLE ${sqlName(state.role)} RESET default_transaction_read_only`;
  if (state.readOnlySource === "database")
    return `ALTER DATABASE ${sqlName(state.database)} RESET default_transaction_read_only`;
  return "ALTER SYSTEM RESET default_transaction_read_only (or take it out of the file or command line it stands in) and SELECT pg_reload_conf()";
};

/** How writes come back. Never a promotion: it is a primary. */
export const adviseReadOnly = (state: State): string =>
  `It is a primary: nothing is to be promoted or failed over. Look at the storage in the provider's console first: where a quota is used up it comes back by itself with room, and sooner is refused again. Otherwise find out who set it and why, then ${SCOPE(state)}; sessions that are open keep the old value. To free space while it is on: SET default_transaction_read_only = off in one session (where the provider lets you).`;
