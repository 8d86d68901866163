import {
  count,
  type Finding,
  type OutputOf,
  redis,
  rows,
  runbookOn,
  sayDuration,
  z,
} from "../../src/sdk/index.ts";

type Keys = OutputOf<typeof redis.findKeys>;

/** Keys by name: counters of a rate limiter and when they end, cached tokens; and what is in the way is taken out of it. */
const book = runbookOn(
  "redis",
  {
    id: "redis-keys",
    title: "Redis keys by name",
    covers: ["ai-saas.rate-limit-status", "sergas-accounts.zoho-clear-tokens"],
    params: z.object({
      pattern: z
        .string()
        .min(3)
        .max(300)
        .regex(/^[^\\[\]?*]{3}[^\\[\]]*$/, "at least three letters of the key's name before a * or ?")
        .default("rate_limit:*")
        .describe("name of a key, or its beginning and a *"),
      putAway: z.boolean().default(false).describe("offer to take them out of the way, up to 50"),
    }),
  },
  ({ params }) => ({ keys: redis.findKeys({ pattern: params.pattern }) }),
);

export const redisKeys = book
  .remedies({
    putAway: book.does(redis.putAwayKeys, ["keys"], ({ keys }, { params }) => toPutAway(keys, params)),
    narrow: book.advises(
      "Say which",
      "low",
      ({ keys }, { params }) =>
        `${keys?.total ?? 0} keys fit ${params.pattern}, and at most ${redis.MOST_KEYS} are taken at once: name them closer, or one by its whole name. Where all of a cache's entries are old, a version in the prefix (v2:…) leaves the old ones behind at once; they end by their TTL.`,
    ),
    logInAgain: book.advises(
      "Before a token goes",
      "low",
      "An access token is made anew with the refresh token at the next call. A refresh token is not: get a new grant from the provider first, give it to the application where it keeps it (not in Redis alone), see it answer, and only then is the old one of no use.",
    ),
  })
  .findings((find) => [
    find(["keys"], ({ keys }, { params }) => endless(keys, params)),
    find(["keys"], ({ keys }, { params }) => listed(keys, params)),
  ]);

interface Asked {
  readonly pattern: string;
  readonly putAway: boolean;
}

/** All that were listed; more than that are to be named closer. */
function toPutAway({ keys, total, isWhole }: Keys, { pattern, putAway }: Asked) {
  const endlessOnes = keys.filter(isEndless);
  const meant = putAway ? keys : endlessOnes;
  const isAll = isWhole && total === keys.length;
  return meant.length > 0 && (isAll || !putAway) && { pattern, keys: meant.map(({ key }) => key) };
}

const isEndless = ({ kind, ttlMs }: redis.FoundKey): boolean => kind === "rate limit" && ttlMs === null;

/** A counter that is to begin anew, and never does. */
function endless({ keys }: Keys, _asked: Asked): Finding<"putAway"> | undefined {
  const stuck = keys.filter(isEndless);
  const [first] = stuck;
  if (first === undefined) return undefined;
  return {
    id: "limit-without-end",
    severity: "warning",
    title: `${count(stuck.length, "counter of a rate limiter has", "counters of a rate limiter have")} no end: ${first.key}${first.count === null ? "" : ` stands at ${first.count}`}`,
    because:
      "Its time was never set, or was taken off by a SET without EX (INCR and EXPIRE sent apart lose the second one when the client dies between them): who it counts stays limited for ever. Put away, the next call begins at 1; set both in one script, or by SET … EX NX and then INCR.",
    evidence: [table(stuck)],
    remedies: ["putAway"],
  };
}

function listed(
  seen: Keys,
  { pattern, putAway }: Asked,
): Finding<"putAway" | "narrow" | "logInAgain"> | undefined {
  const { keys, total, isWhole } = seen;
  if (total === 0) return undefined;
  const some = isWhole ? `${total}` : `At least ${total}`;
  const fits = total === keys.length && isWhole;
  const isTokens = keys.some(({ kind }) => kind === "token");
  const offered = putAway ? [fits ? ("putAway" as const) : ("narrow" as const)] : [];
  return {
    id: "keys",
    severity: "info",
    title: `${some} ${total === 1 ? "key fits" : "keys fit"} ${pattern}`,
    because: `Values are not shown, but for counters.${isWhole ? "" : " It took too long to go through all keys: there may be more."}${keys.length < total ? ` The first ${keys.length} by name are listed.` : ""}`,
    evidence: [table(keys)],
    remedies: [...offered, ...(putAway && isTokens ? (["logInAgain"] as const) : [])],
  };
}

const table = (keys: readonly redis.FoundKey[]) =>
  rows("", keys.slice(0, 50), {
    key: (one) => one.key,
    type: (one) => one.type,
    "value or entries": (one) => one.count,
    "ends in": (one) => (one.ttlMs === null ? "never" : sayDuration(one.ttlMs)),
    kind: (one) => one.kind,
  });
