import { type Finding, facts, postgres, type Seen } from "../../src/sdk.ts";

/** Nothing found is no good news from a role that sees its own sessions only (trap pg-privileges). */
export function cannotSeeSessions(seesAll: boolean): Finding<"grantMonitor">[] {
  if (seesAll) return [];
  return [
    {
      id: "cannot-see",
      severity: "info",
      title: "The bot's role does not see what other roles' sessions do",
      because:
        "It lacks pg_monitor: state, waits, statements and ages of others' sessions are hidden from it, so what is missing here may be there all the same.",
      remedies: ["grantMonitor"],
    },
  ];
}

/** The remedy of `cannotSeeSessions`. */
export const grantMonitor = {
  title: "Let the bot see",
  risk: "low",
  advice:
    "GRANT pg_monitor TO the bot's role (it reads statistics and settings, no data), and pg_signal_backend if it is to end sessions. It applies at once; then run this again.",
} as const;

/** The finding of a Postgres that cannot be asked: the first step that failed for a reason that concerns the whole server. */
export function cannotAskPostgres(seen: Readonly<Record<string, Seen<unknown>>>): Finding<"recover">[] {
  const failure = postgres.firstFailure(seen);
  if (failure === undefined) return [];
  const { id, title, because, error } = failure;
  const evidence = [facts({ code: error.code, detail: error.detail ?? "–" })];
  return [{ id, severity: "critical", title, because, evidence, remedies: ["recover"] }];
}
