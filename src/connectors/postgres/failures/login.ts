import type { Failure, Rule } from "./rule.ts";

const WANTS_TLS: Failure = {
  id: "hba",
  title: "The Postgres server does not let this client in without TLS",
  because:
    "It takes this host, user and database over an encrypted connection only, or has no entry for them at all.",
  advice:
    "Ask for TLS in the URL: sslmode=verify-full, and sslrootcert=<file> where the server's authority is not a public one (a provider's bundle). If it is refused with TLS, too, the server has no entry for this client: on your own one add it to pg_hba.conf, on a managed one allow this network in its console.",
};
const NO_ENTRY: Failure = {
  id: "hba",
  title: "pg_hba.conf has no entry that lets this client in",
  because: "No entry of the server matches this host, user, database and encryption.",
  advice:
    "On your own server add the missing line to pg_hba.conf, then `SELECT pg_reload_conf()`; on a managed one allow this address (authorized networks, firewall rules). Compare user and database of the URL first: a misspelt one has no entry either.",
};
const REJECTED: Failure = {
  id: "hba",
  title: "pg_hba.conf does not let this client in: a line refuses it",
  because:
    "The first line of pg_hba.conf that matches this host, user, database and encryption says `reject`.",
  advice:
    "Somebody wrote that line on purpose: ask before you put a line that lets the client in above it, then `SELECT pg_reload_conf()`.",
};
const KEPT_OUT: Failure = {
  id: "hba",
  title: "pg_hba.conf does not let this client in",
  because:
    "Either no entry matches this host, user, database and encryption, or the first that does says `reject`, or it wants a certificate of the client. The server says which in its own language.",
  advice:
    "To tell them apart: the server's log names the entry; or, as a superuser, SELECT line_number, type, database, user_name, address, auth_method FROM pg_hba_file_rules. A missing line may be added; a `reject` was written on purpose: ask first. Then SELECT pg_reload_conf().",
};
/** Without TLS, and not in English: it may be the encryption, too. */
const KEPT_OUT_PLAIN: Failure = {
  ...KEPT_OUT,
  title: "pg_hba.conf does not let this client in, at least not without TLS",
  because: `${KEPT_OUT.because} This connection was not encrypted.`,
  advice: `Try with TLS first (sslmode=verify-full in the URL, and sslrootcert where the authority is not a public one). ${KEPT_OUT.advice}`,
};
const CLIENT_CERTIFICATE: Failure = {
  id: "hba",
  title: "The entry of pg_hba.conf wants a certificate of the client",
  because: "The method is `cert`, or clientcert is set, and this client showed none that is valid.",
  advice: "Name one in the URL (sslcert=<file>&sslkey=<file>) that the server's ssl_ca_file has signed.",
};
const PASSWORD: Failure = {
  id: "auth",
  title: "Postgres does not accept the credentials",
  because:
    "The password is wrong or past its VALID UNTIL, the role has none, or there is no such role: the server says the same for all of them, on purpose.",
  advice:
    "Compare the secret behind the URL with the role: SELECT rolname, rolcanlogin, rolvaliduntil FROM pg_roles WHERE rolname = '<role>'. Set the password anew (\\password <role>), or correct the URL, and restart what holds the old one. A special character in the password must be percent-encoded in a URL.",
};
const NO_PASSWORD: Failure = {
  id: "auth",
  title: "Postgres wants a password, and the URL has none",
  because: "The entry of pg_hba.conf for this client asks for a password.",
  advice:
    "Put it into the URL of diagbot.yaml (best by the name of an environment variable); an unset variable leaves it empty.",
};
const ROLE_MISSING: Failure = {
  id: "auth",
  title: "The role of the URL does not exist on this server",
  because:
    "The server lets this client in without a password, or by another method, and then finds no role of that name.",
  advice:
    "Correct the user in the URL, or create the role (CREATE ROLE <name> LOGIN); see `\\du`. After a restore, roles must be restored, too: they are not in a dump of one database.",
};
const NO_LOGIN: Failure = {
  id: "auth",
  title: "The role of the URL may not log in (NOLOGIN)",
  because: "It exists and the credentials are accepted, but it lacks the LOGIN attribute.",
  advice: "Find out who took it away: it may be locked on purpose. Then ALTER ROLE <role> LOGIN.",
};
const NO_SUCH_LOGIN: Failure = {
  id: "auth",
  title: "The role of the URL does not exist, or may not log in",
  because: "The server let this client in and then could not take the role: it is missing, or it is NOLOGIN.",
  advice:
    "To tell them apart: SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname = '<role>' (`\\du`). Correct the URL or create the role; or ALTER ROLE <role> LOGIN, once you know who locked it.",
};
const OTHER_METHOD: Failure = {
  id: "auth",
  title: "The authentication the server asks an outside service for fails",
  because:
    "pg_hba.conf has this user checked by something else than a password in Postgres (peer, ident, LDAP, PAM, RADIUS, GSSAPI, a certificate); its answer was no.",
  advice:
    "See which method the entry names (pg_hba_file_rules) and ask that service: an LDAP or PAM server that is away refuses everybody. On RDS and Cloud SQL `PAM` and `IAM` mean the token: it is valid for 15 minutes, and the role needs rds_iam.",
};
const NO_DATABASE: Failure = {
  id: "no-database",
  title: "The database does not exist",
  because: "The server answers, but there is no database of the name in the URL.",
  advice:
    "Compare the URL with `\\l` (without a name, that of the user is taken). If the database was dropped or renamed, stop writers before restoring it under this name.",
};
const FOLDER_GONE: Failure = {
  id: "corrupt",
  title: "The files of the database are gone",
  because:
    "The catalogue has the database, but its folder in the data directory is missing: it was deleted, or a disk or tablespace is not mounted.",
  advice:
    "See whether the tablespace's disk is mounted where pg_tblspc points to, and stop the server before mounting it. If the folder was deleted: stop, keep a copy of the data directory as it is, restore to a new instance.",
};
const CLOSED: Failure = {
  id: "no-logins",
  title: "Nobody may connect to the database",
  because: "The database is there, but it was closed to connections (ALLOW_CONNECTIONS false).",
  advice:
    "See who closed it and why (a restore, a migration). Then, from another database: ALTER DATABASE <name> ALLOW_CONNECTIONS true.",
};
const INVALID: Failure = {
  id: "no-logins",
  title: "The database is invalid: a DROP DATABASE was interrupted",
  because: "Part of it is deleted already; it can only be dropped.",
  advice:
    "DROP DATABASE <name> from another database, then restore it from a backup. Find out who began to drop it.",
};
const NO_CONNECT: Failure = {
  id: "no-connect-right",
  title: "The role has no right to connect to this database",
  because: "Credentials are accepted, but the CONNECT privilege on the database is missing.",
  advice:
    "As owner of the database: GRANT CONNECT ON DATABASE <name> TO <role>. Compare the database in the URL first.",
};
const FOR_SUPERUSERS: Failure = {
  id: "no-connect-right",
  title: "The server takes superusers only at the moment",
  because:
    "It is shutting down, in an upgrade, or the session asked for replication without the right to it.",
  advice: "Read the server's message; wait for the upgrade to end, or GRANT what it names.",
};

/** What the server says to a login: 28xxx, 3D000, 55000 and 42501. */
export const LOGIN: readonly Rule[] = [
  [{ driver: /client password must be a string/ }, NO_PASSWORD],
  [{ code: "no-password" }, NO_PASSWORD],
  [{ code: "28P01", routine: /^recv_password_packet$/ }, NO_PASSWORD],
  [{ english: /empty password returned by client/ }, NO_PASSWORD],
  [{ english: /pg_hba\.conf rejects connection/ }, REJECTED],
  [{ english: /connection requires a valid client certificate/ }, CLIENT_CERTIFICATE],
  [{ english: /pg_hba\.conf.{0,300}?(?:no encryption|SSL off)/ }, WANTS_TLS],
  [{ english: /no pg_hba\.conf entry/ }, NO_ENTRY],
  [{ code: "28000", routine: /^ClientAuthentication$/, tls: "no" }, KEPT_OUT_PLAIN],
  [{ code: "28000", routine: /^ClientAuthentication$/ }, KEPT_OUT],
  [{ names: /pg_hba\.conf/ }, KEPT_OUT],
  [{ code: "28000", english: /role "?.{0,200}"? is not permitted to log in/ }, NO_LOGIN],
  [{ code: "28000", english: /role .{0,200} does not exist/ }, ROLE_MISSING],
  [{ code: "28000", routine: /^InitializeSessionUserId/ }, NO_SUCH_LOGIN],
  [{ code: /^28/, names: /\b(?:LDAP|PAM|RADIUS|GSSAPI|SSPI|Ident|Peer|IAM|OAuth|BSD)\b/i }, OTHER_METHOD],
  [{ code: "28000", routine: /^auth_failed$/ }, OTHER_METHOD],
  [{ code: /^28/ }, PASSWORD],
  [{ code: "3D000", names: /\b(?:base|pg_tblspc)\/\d/ }, FOLDER_GONE],
  [{ code: /^(?:3D000|57P04)$/ }, NO_DATABASE],
  [{ code: "55000", routine: /^CheckMyDatabase$/ }, CLOSED],
  [{ code: "55000", routine: /^InitPostgres$/ }, INVALID],
  [{ english: /not currently accepting connections/ }, CLOSED],
  [{ english: /cannot connect to invalid database/ }, INVALID],
  [{ code: "42501", routine: /^CheckMyDatabase$/ }, NO_CONNECT],
  [{ code: "42501", english: /permission denied for database/ }, NO_CONNECT],
  [{ code: "42501", routine: /^InitPostgres$/ }, FOR_SUPERUSERS],
];
