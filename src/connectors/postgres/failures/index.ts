import type { Seen, StepError } from "../../../core/words/outcome.ts";
import { AVAILABILITY } from "./availability.ts";
import { DATA } from "./data.ts";
import { LOGIN } from "./login.ts";
import { NETWORK } from "./network.ts";
import { OTHER_POOLERS, POOLERS } from "./poolers.ts";
import { PROXIES } from "./proxies.ts";
import { RELAYED } from "./relayed.ts";
import { RESOURCES } from "./resources.ts";
import { type Failure, type Heard, heard, type Rule, shows } from "./rule.ts";
import { TLS } from "./tls.ts";

export type { Failure } from "./rule.ts";

/** Steps by name, as a runbook sees them. */
type AllSeen = Readonly<Record<string, Seen<unknown>>>;

/** The one list, most specific first: words of poolers before codes, routines and names before bare codes. */
export const FAILURES: readonly Rule[] = [
  ...PROXIES,
  ...RELAYED,
  ...POOLERS,
  ...TLS,
  ...NETWORK,
  ...LOGIN,
  ...RESOURCES,
  ...AVAILABILITY,
  ...DATA,
  ...OTHER_POOLERS,
];

/** What the error means; undefined where it says nothing about the server as a whole (a missing privilege, a lock). */
export function failureOf(error: StepError): Failure | undefined {
  const said = heard(error);
  const failure = FAILURES.find(([sign]) => shows(sign, said))?.[1];
  return failure && { ...failure, because: `${failure.because} ${quote(said)}` };
}

/** What was said, whole: DETAIL and HINT tell more than the message. */
const quote = ({ message, detail, hint }: Heard): string =>
  [
    `The server or driver says: ${message}`,
    ...(detail === "" ? [] : [`DETAIL: ${detail}`]),
    ...(hint === "" ? [] : [`HINT: ${hint}`]),
  ].join(" ");

/** The first step that failed for a reason that concerns the whole server; any reason does where every step failed. */
export function firstFailure(steps: AllSeen): (Failure & { readonly error: StepError }) | undefined {
  const errors = Object.values(steps).flatMap((step) => (step.ok ? [] : [step.error]));
  for (const error of errors) {
    const failure = failureOf(error);
    if (failure !== undefined) return { ...failure, error };
  }
  const [first] = errors;
  return first !== undefined && errors.length === Object.keys(steps).length
    ? { ...unexplained(first), error: first }
    : undefined;
}

const POOLED_BECAUSE =
  "A prepared statement belongs to one session of the server, and a pooler in front (transaction or statement mode) gives the next transaction another one: it finds the name taken there, or not there at all. Nothing is wrong with the data.";
const POOLED_ADVICE =
  "PgBouncer 1.21 and later follow them: upgrade it and set max_prepared_statements above 0 (200); for an older one let the driver name none (JDBC prepareThreshold=0, asyncpg statement_cache_size=0, Prisma pgbouncer=true, Npgsql Max Auto Prepare=0), or connect past the pooler. DEALLOCATE ALL helps only the session it meets.";

/** The server is there and answers; whose limit or right it was, where every question met it. */
const ALL_MET: Readonly<Record<string, readonly [because: string, advice: string]>> = {
  "57014": [
    "Every question was ended by a time limit (of the bot, or statement_timeout of its role), or cancelled by somebody: the server takes logins and does not get its work done.",
    "Look at the machine first: processor, disk waits, memory (host-cpu, host-stalls). Then pg-locks once it answers. SELECT rolconfig FROM pg_roles WHERE rolname = '<bot role>' shows a limit that is too short.",
  ],
  "55P03": [
    "Every question waited for a lock longer than it may (lock_timeout): somebody holds tables of the catalogue exclusively (maintenance of the catalogue, a migration).",
    "As a superuser: SELECT pid, query FROM pg_stat_activity WHERE pid IN (SELECT pid FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted); let it end, or cancel it.",
  ],
  "40001": [
    "Every question was cancelled because it stood against what this standby had to replay (canceling statement due to conflict with recovery), or met another transaction: the server is up, and the questions are in order.",
    "Ask again. If it happens often: hot_standby_feedback = on (the primary then keeps old rows for long, its tables grow), or a longer max_standby_streaming_delay on a standby for reports (what it serves is older then); pg-connectivity counts them by their reason.",
  ],
  "42P05": [POOLED_BECAUSE, POOLED_ADVICE],
  "26000": [POOLED_BECAUSE, POOLED_ADVICE],
  "42501": [
    "The login works, and the role may do nothing of what was asked.",
    "GRANT pg_monitor TO the bot's role; docs/connectors/postgres.md has all that it needs.",
  ],
};

const unexplained = ({ message, detail }: StepError): Failure => ({
  id: "cannot-ask",
  title: `Postgres cannot be asked: ${message.slice(0, 120)}`,
  because:
    ALL_MET[detail ?? ""]?.[0] ?? "Every question was answered with an error, so nothing is known about it.",
  advice:
    ALL_MET[detail ?? ""]?.[1] ??
    `Look up SQLSTATE ${detail || "of the error"} (Postgres manual, appendix A) and read the end of the server's log; try the URL of diagbot.yaml with psql from this machine.`,
});
