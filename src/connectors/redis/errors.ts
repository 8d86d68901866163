import { DiagError, type ErrorCode, toDiagError } from "../../core/words/errors.ts";
import { codeOf, messageOf } from "../../lib/thrown.ts";
import { errnoIn, isOnTheWay } from "../cause.ts";

/** Replies by which Redis turns a command down before doing anything (redis.io, "Error handling"; src/server.c). */
const REFUSED = [
  ...["LOADING", "BUSY", "OOM", "MISCONF", "READONLY", "MASTERDOWN", "NOREPLICAS", "REDIRECT"],
  ...["CLUSTERDOWN", "MOVED", "ASK", "CROSSSLOT", "TRYAGAIN"],
  ...["DENIED", "NOTBUSY", "UNKILLABLE", "NOPERM"],
];
const BY_WORD: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ...REFUSED.map((word): [string, ErrorCode] => [word, "target_refused"]),
  ["NOAUTH", "target_auth"],
  ["WRONGPASS", "target_auth"],
]);
/** Texts without a word of their own: of Redis, then of the driver, of proxies and of managed services, whose texts they are. */
const BY_PHRASE: readonly [RegExp, ErrorCode, detail: string][] = [
  [/max number of (clients|connections)|max concurrent connections/, "target_refused", "maxclients"],
  [
    /invalid password|without any password configured|no password is set|arguments for 'auth'/i,
    "target_auth",
    "WRONGPASS",
  ],
  [/unknown (sub)?command|unsupported command|Command is not available/i, "target_error", "unknown-command"],
  [/DB index is out of range|invalid DB index|SELECT is not allowed/i, "target_error", "no-database"],
  [/Command timed out/, "timeout", "reply"],
  [/Connection is closed|Stream isn't writeable|max retries/, "target_unreachable", "closed"],
  [/no upstream host|upstream failure|upstream protocol error/, "target_unreachable", "proxy"], // Envoy
  [
    /^ERR (Connection|Operation timed out|No route to host|Host is (down|unreachable))/,
    "target_unreachable",
    "proxy",
  ], // twemproxy: strerror
  [
    /no server connection|backend conn|redis temporary failure|no such db node/,
    "target_unreachable",
    "proxy",
  ], // Predixy, Codis, Alibaba
  [/Unknown RESP type|Protocol error, got/, "target_error", "not-redis"],
  [/illegal address|not in (the )?(whitelist|allow ?list)/i, "target_refused", "allowlist"],
  [/(limit|quota) exceeded/i, "target_refused", "quota"], // Upstash
];
/** How servers name the command they refuse: 'config|get', `CONFIG`, "config". */
const COMMAND =
  /(?:run the|unknown (?:sub)?command|not available:|unsupported command)[ :]{1,3}['"`‘]([\w.|-]{1,60})/i;
const KEY = /permissions to access (?:the|one of the keys)/i;

/** The ACL rule that would allow what was refused, from the server's own words; undefined: they do not name it. */
export function ruleFor(message: string): string | undefined {
  const command = COMMAND.exec(message.slice(0, 400))?.[1];
  if (command !== undefined) return `+${command.toLowerCase()}`;
  return KEY.test(message.slice(0, 400)) ? "%R~*" : undefined;
}

/** What gives an answer that was refused; undefined: it was not a matter of rights. */
export function hintFor(detail: string | undefined, rule: string): string | undefined {
  if (detail === "NOPERM") return `As an administrator: ACL SETUSER <user> ${rule}`;
  if (detail !== "unknown-command") return undefined;
  return `A server, plan or user that allows ${rule.slice(1)}: it is renamed (rename-command), left out by the service or a proxy, or not in this version`;
}

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
  const make = (kind: DiagError["code"], detail: string) => {
    const hint = hintFor(detail, ruleFor(message) ?? "+the command");
    return new DiagError(kind, `Redis: ${message}`, {
      detail,
      cause: thrown,
      ...(hint === undefined ? {} : { hint }),
    });
  };
  const word = /^-?([A-Z][A-Z0-9]+)\b/.exec(message)?.[1] ?? "";
  const said = BY_WORD.get(word);
  if (said !== undefined) return make(said, word);
  const phrase = BY_PHRASE.find(([pattern]) => pattern.test(message));
  if (phrase !== undefined) return make(phrase[1], phrase[2]);
  const errno = codeOf(thrown) || errnoIn(message);
  if (errno === "ETIMEDOUT") return make("timeout", "tcp");
  return isOnTheWay(errno) ? make("target_unreachable", errno) : make("target_error", word);
}
