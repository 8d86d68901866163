import { DiagError, type ErrorCode, toDiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import { codeOf, messageOf } from "../../lib/thrown.ts";
import { isOnTheWay } from "../cause.ts";
import { reachError } from "../reach.ts";

/**
 * Codes of the server that are no matter of the one command, by number (src/mongo/base/error_codes.yml). Where the code says
 * that the server is no primary, in no state to be read, or going down, `detail` is what findings read.
 */
const BY_CODE: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  11: ["target_auth", "UserNotFound"],
  13: ["target_auth", "Unauthorized"],
  18: ["target_auth", "AuthenticationFailed"],
  50: ["timeout", "MaxTimeMSExpired"],
  262: ["timeout", "ExceededTimeLimit"],
  59: ["target_error", "CommandNotFound"],
  115: ["target_error", "CommandNotSupported"],
  303: ["target_error", "CommandNotSupported"], // Amazon DocumentDB: "Feature not supported"
  8000: ["target_auth", "AtlasError"], // Atlas' shared tiers: "not allowed in this atlas tier"
  76: ["target_error", "NoReplicationEnabled"],
  93: ["target_error", "InvalidReplicaSetConfig"],
  94: ["target_error", "NotYetInitialized"],
  91: ["target_unreachable", "ShutdownInProgress"],
  11600: ["target_unreachable", "InterruptedAtShutdown"],
  189: ["target_error", "PrimarySteppedDown"],
  11602: ["target_error", "InterruptedDueToReplStateChange"],
  10107: ["target_refused", "NotWritablePrimary"],
  13435: ["target_refused", "NotPrimaryNoSecondaryOk"],
  13436: ["target_refused", "NotPrimaryOrSecondary"],
};

/** `detail` of what a user may not ask, or this server does not have: nothing is known of it then, and nothing is wrong with it. */
export const NOT_GIVEN: ReadonlySet<string> = new Set([
  ...["Unauthorized", "AtlasError", "CommandNotFound", "CommandNotSupported"],
]);

interface Thrown {
  readonly name: string;
  readonly code?: unknown;
  readonly codeName?: unknown;
  readonly message: string;
  readonly cause?: unknown;
  readonly reason?: { readonly servers?: ReadonlyMap<string, { readonly error?: Error | null }> };
}

/** Anything the driver throws as a DiagError; `detail` is the server's name of the code, an errno, or `closed`. */
export function toMongoError(thrown: unknown, target: string): DiagError {
  if (thrown instanceof DiagError) return thrown;
  if (thrown instanceof TypeError || thrown instanceof RangeError) return toDiagError(thrown);
  const error = thrown as Thrown;
  if (error.name === "MongoServerSelectionError") return selectionError(error, target);
  if (typeof error.code === "number") return serverError(error, error.code);
  return driverError(error, target);
}

function serverError(error: Thrown, number: number): DiagError {
  const [code, known] = BY_CODE[number] ?? ["target_error", undefined];
  const detail = known ?? (typeof error.codeName === "string" ? error.codeName : String(number));
  const hint = NOT_GIVEN.has(detail) ? HINTS[detail] : undefined;
  return new DiagError(code, `MongoDB: ${clip(messageOf(error), 300)}`, {
    detail,
    said: { code: String(number) },
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

const HINTS: Readonly<Record<string, string>> = {
  Unauthorized: "the role clusterMonitor, and read on the database and on local (docs/connectors/mongodb.md)",
  AtlasError: "a tier or service of MongoDB that allows it",
  CommandNotFound: "a version of MongoDB that has it",
  CommandNotSupported: "a MongoDB: services that only speak its protocol lack it",
};

/** No server could be chosen: the last thing one of them said is the reason. */
function selectionError(error: Thrown, target: string): DiagError {
  const servers = [...(error.reason?.servers ?? [])].flatMap(([address, one]) =>
    one.error == null ? [] : [{ address, error: one.error }],
  );
  // A member that the set names and nobody here can resolve: whoever was asked first has answered and named it.
  const unknown = servers.find(({ address, error: why }) => isNameless(why) && isOther(address, target));
  if (unknown !== undefined)
    return new DiagError(
      "target_unreachable",
      `${target} answers, and names ${unknown.address} as a member of its set; that name does not resolve here`,
      { detail: "member-name", cause: error },
    );
  const [first] = servers;
  if (first !== undefined) return toMongoError(first.error, target);
  return new DiagError("target_unreachable", `${target}: ${clip(error.message, 300)}`, {
    detail: "no-server",
    cause: error,
  });
}

const isNameless = (error: Error): boolean =>
  /\b(?:ENOTFOUND|EAI_AGAIN|ENODATA)\b/.test(`${error.message} ${codeOf(error.cause)}`);
const isOther = (address: string, target: string): boolean =>
  !target.toLowerCase().includes((address.split(":")[0] ?? "").toLowerCase());

function driverError(error: Thrown, target: string): DiagError {
  const errno = codeOf(error.cause) || codeOf(error);
  if (isOnTheWay(errno)) return reachError(error.cause ?? error, target);
  // A network error wraps what the server or the socket said.
  if (error.cause instanceof Error && error.cause.name !== error.name) {
    const inner = toMongoError(error.cause, target);
    if (inner.code !== "bug") return inner;
  }
  const message = `${target}: ${clip(messageOf(error), 300)}`;
  if (error.name === "MongoNetworkTimeoutError")
    return new DiagError("timeout", message, { detail: "answer", cause: error });
  if (/^connection .* closed$/.test(error.message))
    return new DiagError("target_unreachable", `${target}: it closes the connection`, {
      detail: "closed",
      cause: error,
    });
  if (/^Mongo(Network|PoolCleared|NotConnected|TopologyClosed)/.test(error.name))
    return new DiagError("target_unreachable", message, { detail: "network", cause: error });
  if (error.name === "MongoParseError" && /message size|opcode|length/i.test(error.message))
    return new DiagError("target_error", `${target}: the answer is not MongoDB's protocol`, {
      detail: "not-mongodb",
      cause: error,
    });
  return new DiagError("target_error", message, { detail: error.name, cause: error });
}
