import type { Failure, Rule } from "./rule.ts";

const REPEATS =
  "The pooler answers and repeats what Postgres told it at its own login: the client is known to the pooler, and got no further.";
const refused = (title: string, advice: string): Failure => ({
  id: "pooler-server-down",
  title: `The connection pooler cannot get into Postgres: ${title}`,
  because: REPEATS,
  advice,
});

const PASSWORD = refused(
  "its password is refused",
  "Not the client's password but the pooler's own at the server: password= of the entry in [databases], or what auth_file (auth_query) has for this user, differs from Postgres, mostly since somebody set a new one. Bring both together, RELOAD the pooler, and try it with psql as the pooler does.",
);
const NO_DATABASE = refused(
  "the database does not exist there",
  "The pooler knows the name; the database it leads to (dbname= and host= of its entry) is not on that server: dropped, renamed, not restored yet, or the entry leads to the wrong server. Correct the entry and RELOAD, or restore the database.",
);
const NO_ROLE = refused(
  "the role does not exist there",
  "Create the role on the server, or correct user= of the pooler's entry; after a restore of one database roles are missing, as they are not in its dump.",
);
const HBA = refused(
  "pg_hba.conf does not let it in",
  "The address that counts is the pooler's, not the client's: add (on a managed server: allow) that one. If the message ends with `no encryption`, let the pooler use TLS towards the server (server_tls_sslmode = require).",
);
const SLOTS = refused(
  "every slot of the server is taken",
  "Postgres, not the pooler, is full: run pg-pool-exhausted on a connection without the pooler. The pools of all poolers together (pool_size for each pair of database and user) must stay below its max_connections (pgbouncer-pools sums them up).",
);
const STARTING: Failure = {
  id: "not-ready",
  title: "Postgres behind the pooler is starting up, shutting down or recovering",
  because: REPEATS,
  advice:
    "Wait and watch the log of Postgres: crash recovery replays WAL and must not be interrupted. The pooler tries again by itself (server_login_retry); restarting it helps nothing.",
};

/** PgBouncer gives its clients the server's words under its own code, without the routine. */
export const RELAYED: readonly Rule[] = [
  [{ code: "08P01", pooler: /password authentication failed for user/ }, PASSWORD],
  [{ code: "08P01", pooler: /\bdatabase ".{0,200}" does not exist/ }, NO_DATABASE],
  [{ code: "08P01", pooler: /\brole ".{0,200}" (?:does not exist|is not permitted to log in)/ }, NO_ROLE],
  [{ code: "08P01", pooler: /pg_hba\.conf/ }, HBA],
  [
    {
      code: "08P01",
      pooler: /remaining connection slots are reserved|^(?:Postgres: )?sorry, too many clients already$/,
    },
    SLOTS,
  ],
  [{ code: "08P01", pooler: /database system is (?:starting up|shutting down|in recovery|not )/ }, STARTING],
];
