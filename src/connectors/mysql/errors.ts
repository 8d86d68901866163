import { DiagError, type ErrorCode, toDiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import { codeOf, messageOf } from "../../lib/thrown.ts";
import { isOnTheWay } from "../cause.ts";
import { codeOf as opensslCodeOf, reachError } from "../reach.ts";

/**
 * Numbers of the server's errors that mean more than an error of the one statement; the same number in MySQL and MariaDB
 * unless a comment says otherwise (their error references). `detail` of the error is the number.
 */
const AUTH = new Set([
  1044, 1045, 1130, 1142, 1143, 1227, 1251, 1370, 1524, 1698, 1820, 1862, 3118, 3159, 3955, 4151, 4152,
]);
/** The login was turned down before anything could be done, or the statement was refused as a whole. */
const REFUSED = new Set([1040, 1049, 1094, 1095, 1129, 1203, 1226, 1290, 1792, 1836]);
/** The session or the server is ending. 4031: MySQL ended an idle one. 1927: MariaDB was told to end it. */
const GOING = new Set([1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1927, 4031]);
/** A time limit that we had set ourselves: max_statement_time of MariaDB, max_execution_time of MySQL, lock_wait_timeout. */
const LATE = new Set([1969, 3024, 1205]);

/** `detail` of what the user may not ask, or this server does not have: nothing is known of it then. */
const NOT_GIVEN: ReadonlySet<string> = new Set([
  ...["1142", "1143", "1227", "1044", "1370"],
  ...["1109", "1146", "1193", "1235", "1286", "1064", "1054"],
]);

/** Whether the server says that the user may not ask, or that it has no such thing. */
export const isNotGiven = ({ detail = "" }: DiagError): boolean => NOT_GIVEN.has(detail);

/** What the driver says of a certificate; it puts a code of its own in place of Node's. */
const CERTIFICATES: readonly (readonly [RegExp, string])[] = [
  [/certificate has expired/i, "CERT_HAS_EXPIRED"],
  [/certificate is not yet valid/i, "CERT_NOT_YET_VALID"],
  [/does not match certificate's altnames/i, "ERR_TLS_CERT_ALTNAME_INVALID"],
  [/self[- ]signed certificate in/i, "SELF_SIGNED_CERT_IN_CHAIN"],
  [/self[- ]signed certificate/i, "DEPTH_ZERO_SELF_SIGNED_CERT"],
  [/unable to verify the first certificate/i, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
  [/unable to get (?:local )?issuer/i, "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"],
];

interface Thrown {
  readonly errno?: unknown;
  readonly sqlState?: unknown;
  readonly message: string;
}

/** What is known of the session besides what the server says. */
export interface Asked {
  readonly target: string;
  /** Whether it was to be encrypted. */
  readonly tls: boolean;
}

/**
 * Anything the driver throws as a DiagError; `detail` is the server's number, an errno or a word of ours. The driver's names of
 * numbers are MySQL's, and wrong for many of MariaDB's: they are not looked at.
 */
export function toMysqlError(thrown: unknown, { target, tls }: Asked): DiagError {
  if (thrown instanceof DiagError) return thrown;
  if (thrown instanceof TypeError || thrown instanceof RangeError) return toDiagError(thrown);
  const error = thrown as Thrown;
  const code = codeOf(thrown);
  const message = clip(messageOf(thrown), 300);
  const said = { tls: tls ? "yes" : "no" };
  const make = (kind: ErrorCode, detail: string) =>
    new DiagError(kind, `MySQL: ${message}`, { detail, said, cause: thrown });
  if (typeof error.errno === "number" && error.errno > 0) return serverError(error, error.errno, said);
  if (code === "HANDSHAKE_NO_SSL_SUPPORT") return make("target_unreachable", "no-tls");
  if (code === "HANDSHAKE_SSL_ERROR") return tlsError(thrown, message, target);
  if (/^(AUTH_SWITCH_PLUGIN_ERROR|MYSQL_CLEAR_PASSWORD)/.test(code)) return make("target_auth", "plugin");
  if (/unknown plugin|auth(entication)? plugin/i.test(message)) return make("target_auth", "plugin");
  if (code === "PROTOCOL_CONNECTION_LOST" || /closed state|closed the connection/.test(message))
    return make("target_unreachable", "closed");
  if (isOnTheWay(code)) return reachError(thrown, target);
  return make("target_error", code || "driver");
}

function serverError(error: Thrown, number: number, said: Readonly<Record<string, string>>): DiagError {
  const kind: ErrorCode = AUTH.has(number)
    ? "target_auth"
    : REFUSED.has(number)
      ? "target_refused"
      : GOING.has(number)
        ? "target_unreachable"
        : LATE.has(number)
          ? "timeout"
          : "target_error";
  const hint = hintOf(number, error.message);
  return new DiagError(kind, `MySQL: ${clip(error.message, 300)}`, {
    detail: String(number),
    said: { ...said, ...(typeof error.sqlState === "string" ? { sqlState: error.sqlState } : {}) },
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The server names the privileges it wants. */
function hintOf(number: number, message: string): string | undefined {
  const wanted = /at least one of\) the ([A-Z_, ]{3,120}) privilege/.exec(message)?.[1];
  if (wanted !== undefined) return `one of ${wanted.trim()} for diagbot's user (docs/connectors/mysql.md)`;
  return number === 1142 || number === 1143 || number === 1044
    ? "GRANT SELECT ON performance_schema.* to diagbot's user (docs/connectors/mysql.md)"
    : undefined;
}

function tlsError(thrown: unknown, message: string, target: string): DiagError {
  const known = CERTIFICATES.find(([pattern]) => pattern.test(message))?.[1];
  const cause = new Error(message, { cause: thrown });
  const openssl = opensslCodeOf({ code: "EPROTO", message });
  return reachError(Object.assign(cause, { code: known ?? openssl }), target);
}
