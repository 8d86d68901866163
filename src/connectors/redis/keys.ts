/** Keys that are no cache: losing them loses jobs, logs people out or breaks limits. Catalogue guard (d) 6. */
const PROTECTED: readonly [what: string, pattern: RegExp][] = [
  ["queue", /(^|[:._\-{])(queues?|jobs?|stalled|delayed)([:._\-}]|$)/i],
  ["session", /(^|[:._\-{])(sess|sessions?|login|cart)([:._\-}]|$)|session/i],
  ["token", /token|oauth|jwt|csrf|(^|[:._-])(otp|nonce|secret|credentials?)([:._-]|$)/i],
  ["lock", /(^|[:._\-{])(locks?|mutex|redlock|semaphore)([:._\-}]|$)/i],
  ["rate limit", /rate.?limit|throttle|quota/i],
];

/**
 * Keys of queue libraries. They stay until a worker took them, so most have no TTL and must not have one. Names that others use
 * as well (Sidekiq's `retry`) count only where the type is the library's, too.
 */
const LIBRARIES: readonly (readonly [library: string, pattern: RegExp, type?: string])[] = [
  ["Bull", /^\{?(bull|bullmq|bq)([:._\-}]|$)/i],
  ["Celery", /^\{?(celery|_kombu|unacked)([:._\-}]|$)|^unacked_(index|mutex)$/i],
  ["RQ", /^\{?rq([:._\-}]|$)/i],
  ["Resque", /^\{?resque([:._\-}]|$)/i],
  ["Sidekiq", /^\{?sidekiq([:._\-}]|$)/i],
  ["Sidekiq", /^([\w-]{1,40}:)?(retry|schedule|dead)$/, "zset"],
  ["Sidekiq", /^([\w-]{1,40}:)?(queues|processes)$/, "set"],
  ["Sidekiq", /^([\w-]{1,40}:)?queue:[\w.-]{1,60}$/, "list"],
  ["Sidekiq", /^([\w-]{1,40}:)?stat:(processed|failed)(:[\d-]{10})?$/, "string"],
  ["another library", /^\{?(arq|dramatiq|huey|kue|asynq|machinery|oban)([:._\-}]|$)/i],
];

/** The library whose job or bookkeeping this key is; undefined: none that is known. */
export const queueLibrary = (key: string, type = ""): string | undefined =>
  LIBRARIES.find(([, pattern, only]) => (only === undefined || only === type) && pattern.test(key))?.[0];

/** What a key must not be evicted for; undefined: it looks like a cache entry. Streams are queues whatever their name. */
export const protectedAs = (key: string, type = ""): string | undefined =>
  type === "stream" || queueLibrary(key, type) !== undefined
    ? "queue"
    : PROTECTED.find(([, pattern]) => pattern.test(key))?.[0];

/** A key without what may identify people: numbers, hex, e-mail addresses and long ids become `*`. Trap redis-scan-sample. */
export const maskKey = (key: string): string =>
  key
    .slice(0, 120)
    .replace(/(?<![^\s:/|{}])[^\s:/|{}@]*@[^\s:/|{}]*/g, "*")
    .split(/([:./|{}]+)/)
    .map((part) => (isId(part) ? "*" : part.replace(/\d{3,}/g, "*")))
    .join("");

const isId = (part: string): boolean =>
  part !== "" &&
  part !== "*" &&
  (/^\d+$/.test(part) ||
    /^[0-9a-f-]{8,}$/i.test(part) ||
    (part.length > 12 && /\d/.test(part)) ||
    part.length > 40 ||
    !/^[\w\-:./|{} ]*$/.test(part));

/** What keys are grouped by: the first two parts without ids, e.g. `user:profile:*`. */
export function prefixOf(key: string): string {
  const parts = maskKey(key).split(":");
  const first = parts[0] ?? "";
  if (parts.length === 1) return first.replace(/\d+/g, "*");
  return `${parts.slice(0, Math.min(2, parts.length - 1)).join(":")}:*`;
}
