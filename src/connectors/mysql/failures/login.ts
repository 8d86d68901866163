import type { Failure, Rule } from "./rule.ts";

const NO_PASSWORD: Failure = {
  id: "mysql-login",
  title: "MySQL wants a password, and none was sent",
  because:
    "The URL has no password, or the variable it comes from is empty. (An account whose own password is empty would have let it in.)",
  advice:
    "Put the password into the URL of diagbot.yaml, best by the name of an environment variable; percent-encode what is special in a URL.",
};
const PASSWORD: Failure = {
  id: "mysql-login",
  title: "MySQL does not accept diagbot's login",
  because:
    "Either the password is wrong, or there is no account of that user for the host this connection comes from: the server says the same for both, on purpose.",
  advice:
    "To tell them apart: SELECT user, host, plugin FROM mysql.user WHERE user = '<user>' (an account counts only where its host matches the one the message names; the most specific host wins, and an anonymous user '' may come first). Then set the password anew (ALTER USER … IDENTIFIED BY …) or create the account for that host, and restart what holds an old secret.",
};
const PLAIN: Failure = {
  ...PASSWORD,
  because:
    "Either the password is wrong, or there is no account of that user for the host this connection comes from, or the account (REQUIRE SSL) or the server (require_secure_transport) wants TLS and this connection is not encrypted: the server says the same for all of them.",
  advice: `Try with TLS first (ssl-mode=VERIFY_IDENTITY or REQUIRED in the URL). ${PASSWORD.advice}`,
};
const OF_SOCKET: Failure = {
  id: "mysql-login",
  title: "The account logs in without a password, by the name of the system's user",
  because:
    "Its plugin is unix_socket (auth_socket): it is let in over the local socket only, as the user of the operating system with the same name. That is usual for root, and right.",
  advice:
    "Do not change root. Create an account for diagbot with a password (docs/connectors/mysql.md) and name it in the URL.",
};
const HOST: Failure = {
  id: "mysql-host",
  title: "MySQL lets nobody in from this machine's address",
  because:
    "No account at all matches the host that the connection comes from, so the server refuses it before any password is asked.",
  advice:
    "The message names the address as the server sees it (behind NAT or in a container another one). Create the account for it: CREATE USER 'diagbot'@'<address or network>' …; on a managed one see its list of allowed networks, too.",
};
const BLOCKED: Failure = {
  id: "mysql-host-blocked",
  title: "MySQL blocks this machine after too many broken connections",
  because:
    "max_connect_errors connections in a row from this address were cut before the login had ended: usually a health check of a load balancer or a port scan that connects and says nothing, a network that cuts, or wrong TLS. A wrong password does not count. Nobody on this address gets in until it is lifted.",
  advice:
    "From another address (or the server itself): see who it was in performance_schema.host_cache (SUM_CONNECT_ERRORS by cause), lift it with FLUSH HOSTS (MySQL 8.0.23 and later: TRUNCATE TABLE performance_schema.host_cache), then let the health check log in, or ask a port that is not MySQL's. A larger max_connect_errors only makes it rarer; skip_name_resolve=ON switches the block off altogether.",
};
const NO_PLUGIN: Failure = {
  id: "mysql-plugin",
  title: "The server does not have the login plugin of the account",
  because:
    "The account is set to a plugin that the server has not loaded: after an upgrade (mysql_native_password is off in MySQL 8.4 and gone in 9), a move between MySQL and MariaDB, or in a restored mysql.user.",
  advice:
    "SELECT user, host, plugin FROM mysql.user WHERE user = '<user>' shows it. ALTER USER … IDENTIFIED WITH caching_sha2_password BY … (MariaDB: IDENTIFIED VIA mysql_native_password USING PASSWORD(…)), or load the plugin (MySQL 8.4: mysql_native_password=ON) until its clients are moved.",
};
const OTHER_PLUGIN: Failure = {
  id: "mysql-plugin",
  title: "diagbot's client cannot log in by the plugin of the account",
  because:
    "The server asks for a way of login that was refused here: a plugin the client does not have (ed25519, PAM, Kerberos, LDAP), the password in clear text, or caching_sha2_password whose exchange failed without TLS.",
  advice:
    "Give diagbot's account caching_sha2_password or mysql_native_password, and encrypt the connection (ssl-mode=VERIFY_IDENTITY in the URL): with TLS caching_sha2_password needs no key of the server.",
};
const WANTS_TLS: Failure = {
  id: "mysql-tls",
  title: "MySQL takes encrypted connections only",
  because: "require_secure_transport is on, and this connection is not encrypted.",
  advice:
    "Ask for TLS in the URL: ssl-mode=VERIFY_IDENTITY, and ssl-ca=<file> where the server's authority is not a public one (a provider's bundle).",
};
const NO_TLS: Failure = {
  id: "mysql-tls",
  title: "MySQL offers no TLS, and the URL insists on it",
  because:
    "The server was started without a certificate (have_ssl is DISABLED), or what answers is a proxy that does not encrypt.",
  advice:
    "Give the server ssl_cert and ssl_key (MySQL makes its own at the first start; MariaDB before 11.4 does not) and restart it; over a trusted network only: ssl-mode=DISABLED in the URL.",
};
const NO_DATABASE: Failure = {
  id: "mysql-database",
  title: "The database of the URL does not exist on this server",
  because: "The login was accepted; there is no database of that name (names are case-sensitive on Linux).",
  advice:
    "SHOW DATABASES: correct the URL, or find out why it is not there (another server, a restore that is not done, a DROP). diagbot needs none: leave it out of the URL.",
};
const NO_DATABASE_RIGHT: Failure = {
  id: "mysql-database",
  title: "diagbot's user may not use the database of the URL, or there is none",
  because:
    "The login was accepted. A user without a privilege on a database is told the same whether it exists or not (MariaDB).",
  advice:
    "Leave the database out of the URL: diagbot needs none. Otherwise SHOW DATABASES as an administrator, and GRANT a privilege on it.",
};
const EXPIRED: Failure = {
  id: "mysql-login",
  title: "The password of diagbot's user has expired",
  because: "The account exists and the password is right, but it must be changed before anything else.",
  advice:
    "ALTER USER … IDENTIFIED BY '<new>' as an administrator and put it into the URL; a service's account: ALTER USER … PASSWORD EXPIRE NEVER.",
};
const LOCKED: Failure = {
  id: "mysql-login",
  title: "diagbot's account is locked",
  because:
    "It was locked by an administrator, or by too many wrong passwords (FAILED_LOGIN_ATTEMPTS, max_password_errors).",
  advice: "Find out who locked it and why; then ALTER USER … ACCOUNT UNLOCK.",
};
const RIGHTS: Failure = {
  id: "mysql-rights",
  severity: "warning",
  title: "diagbot's user may not look at MySQL",
  because: "It is logged in, and refused what it asks. Of the server nothing is known then.",
  advice:
    "`diagbot doctor` prints the lines that grant it; see docs/connectors/mysql.md for the least that is needed.",
};

/** Who is let in, and how. */
export const LOGIN: readonly Rule[] = [
  [{ number: "1045", english: /using password: NO/ }, NO_PASSWORD],
  [{ number: "1045", tls: "no" }, PLAIN],
  [{ number: "1045" }, PASSWORD],
  [{ number: "1698" }, OF_SOCKET],
  [{ number: "1130" }, HOST],
  [{ number: "1129" }, BLOCKED],
  [{ number: "1524" }, NO_PLUGIN],
  [{ number: /^(?:1251|plugin)$/ }, OTHER_PLUGIN],
  [{ number: "3159" }, WANTS_TLS],
  [{ number: "no-tls" }, NO_TLS],
  [{ number: "1049" }, NO_DATABASE],
  [{ number: "1044" }, NO_DATABASE_RIGHT],
  [{ number: /^(?:1820|1862)$/ }, EXPIRED],
  [{ number: /^(?:3118|3955|4151)$/ }, LOCKED],
  [{ number: /^(?:1142|1143|1227|1370)$/ }, RIGHTS],
];
