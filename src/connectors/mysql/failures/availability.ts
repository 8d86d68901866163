import type { Failure, Rule } from "./rule.ts";

const STOPPING: Failure = {
  id: "mysql-going-down",
  title: "MySQL is shutting down",
  because: "It said so itself: somebody or something stops it.",
  advice:
    "See who: `systemctl status mysql mariadb`, the container's events, the end of its error log. A slow shutdown (a large change buffer, innodb_fast_shutdown=0) must not be cut short: it recovers even longer.",
};
const KILLED: Failure = {
  id: "mysql-killed",
  severity: "warning",
  title: "Somebody ended diagbot's session",
  because:
    "KILL of an administrator or a tool (pt-kill), or a time limit of the server (wait_timeout, max_session_…).",
  advice: "The server is there: run this again, and exempt diagbot's user from what ends sessions.",
};
const CLOSES: Failure = {
  id: "mysql-closes",
  title: "The connection is closed before MySQL has said anything more",
  because:
    "Either the server crashes or restarts at this moment, or a proxy in front of it (ProxySQL, HAProxy, a service mesh, a tunnel) has no server to pass it to, or the server turns this address away by itself (TCP wrappers, an allow list).",
  advice:
    "To tell them apart: the end of the server's error log (a crash is written there with a stack); whether it answers on its own machine (`mysqladmin ping`); the proxy's state of its backends.",
};
const OTHER: Failure = {
  id: "mysql-protocol",
  title: "What answers there is not MySQL",
  because:
    "Its first bytes are not a greeting of the protocol: another service took the port, or it is the X protocol (33060), or a proxy that speaks TLS first.",
  advice: "See which process listens there (`ss -ltnp`), and compare host and port of the URL.",
};
const READ_ONLY: Failure = {
  id: "mysql-read-only",
  title: "MySQL is read-only",
  because: "read_only or super_read_only is on: the server is a replica, or a failover has left it behind.",
  advice: "Point the URL at the primary, or end the failover that is under way.",
};
const OWN_READ_ONLY: Failure = {
  id: "mysql-read-only",
  severity: "warning",
  title: "The session's own transaction is read-only",
  because:
    "The client began it so (START TRANSACTION READ ONLY, transaction_read_only=1, a driver's or framework's `readOnly`): the server itself may well take writes.",
  advice:
    "Let what writes begin a transaction that may (in Spring `@Transactional(readOnly = true)` stands above it; in a pool the setting of the last borrower may be left on). SELECT @@transaction_read_only, @@read_only tells the two apart.",
};
const OPTION: Failure = {
  id: "mysql-option",
  severity: "warning",
  title: "An option the server was started with forbids what was asked",
  because: "The message names it (--skip-grant-tables, --secure-file-priv, --super-read-only …).",
  advice:
    "skip-grant-tables lets everybody in without a password: end whatever repair it was for, and restart without it. Others are meant so.",
};
const CORRUPT: Failure = {
  id: "mysql-corrupt",
  title: "MySQL reports damaged or missing data",
  because: "The server could not read a table or index, or what it read does not fit together.",
  advice:
    "Take a copy of the data folder before anything else, and read the error log and the kernel's log for storage errors. CHECK TABLE says what is hurt; MyISAM and Aria: REPAIR TABLE; InnoDB: a damaged secondary index is dropped and built anew, anything else is restored from a backup or dumped with innodb_force_recovery (1 first, never above 3 without a copy).",
};

/** The server is there, but not for this; or not at all. */
export const AVAILABILITY: readonly Rule[] = [
  [{ number: /^(?:1053|1077|1079)$/ }, STOPPING],
  [{ number: /^(?:1927|4031)$/ }, KILLED],
  [{ number: "closed" }, CLOSES],
  [{ number: "not-mysql" }, OTHER],
  [{ number: "1290", english: /read[-_]only/ }, READ_ONLY],
  [{ number: "1792" }, OWN_READ_ONLY],
  [{ number: "1836" }, READ_ONLY],
  [{ number: "1290" }, OPTION],
  [{ number: /^(?:126|127|145|1034|1035|1194|1195|1712|1877|1932)$/ }, CORRUPT],
  [{ number: "1030", english: /\b(?:126|127|134|135|144|145|175|180|194)\b/ }, CORRUPT],
];
