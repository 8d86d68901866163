import { DiagError, type ErrorCode, toDiagError } from "../../core/words/errors.ts";
import { errnoIn, isOnTheWay } from "../cause.ts";

/** Replies by which Redis turns a command down before doing anything (redis.io, "Error handling"; src/server.c). */
const REFUSED = [
  ...[
    "LOADING",
    "BUSY",
    "OOM",
    "MISCONF",
    "READONLY",
    "MASTERDOWN",
    "NOREPLICAS",
    "CLUSTERDOWN",
    "MOVED",
    "ASK",
  ],
  ...["DENIED", "NOTBUSY", "UNKILLABLE", "NOPERM", "TRYAGAIN"],
];
const BY_WORD: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ...REFUSED.map((word): [string, ErrorCode] => [word, "target_refused"]),
  ["NOAUTH", "target_auth"],
  ["WRONGPASS", "target_auth"],
]);
const BY_PHRASE: readonly [RegExp, ErrorCode, detail: string][] = [
  [/max number of clients/, "target_refused", "maxclients"],
  [/invalid password|without any password configured/, "target_auth", "WRONGPASS"],
  [/unknown (sub)?command/i, "target_error", "unknown-command"],
  [/Command timed out/, "timeout", "reply"],
  [/Connection is closed|Stream isn't writeable|max retries/, "target_unreachable", "closed"],
];
/** `tcp` no connection came about; `reply` connected, but no answer. */
export const timeoutAt = (stage: "tcp" | "reply", ms: number): DiagError =>
  new DiagError(
    "timeout",
    `Redis: ${stage === "tcp" ? "no TCP connection" : "connected, but no reply"} within ${Math.round(ms)} ms`,
    { detail: stage },
  );

/** Anything the driver throws as a DiagError; `detail` is the reply's first word, `maxclients`, the errno or the stage of a timeout. */
export function toRedisError(thrown: unknown): DiagError {
  if (thrown instanceof DiagError) return thrown;
  // What the target does never throws these: they are bugs of ours and must not be read as its state.
  if (thrown instanceof TypeError || thrown instanceof RangeError) return toDiagError(thrown);
  const message = messageOf(thrown);
  // The driver keeps the command with its arguments in the error: of AUTH that is the password.
  if (thrown instanceof Error && "command" in thrown) delete thrown.command;
  const make = (kind: DiagError["code"], detail: string) =>
    new DiagError(kind, `Redis: ${message}`, { detail, cause: thrown });
  const word = /^-?([A-Z][A-Z0-9]+)\b/.exec(message)?.[1] ?? "";
  const said = BY_WORD.get(word);
  if (said !== undefined) return make(said, word);
  const phrase = BY_PHRASE.find(([pattern]) => pattern.test(message));
  if (phrase !== undefined) return make(phrase[1], phrase[2]);
  const errno = codeOf(thrown) || errnoIn(message);
  if (errno === "ETIMEDOUT") return make("timeout", "tcp");
  return isOnTheWay(errno) ? make("target_unreachable", errno) : make("target_error", word);
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === "")
    return thrown.errors.map((error) => (error instanceof Error ? error.message : String(error))).join("; ");
  return thrown instanceof Error ? thrown.message : String(thrown);
}

const codeOf = (thrown: unknown): string =>
  typeof thrown === "object" && thrown !== null && "code" in thrown && typeof thrown.code === "string"
    ? thrown.code
    : "";
