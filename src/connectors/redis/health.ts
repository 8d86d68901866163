import { z } from "zod";
import { judgeTime, sayMs } from "../../core/rules/response-time.ts";
import { type ActionContext, actionsOn, type OutputOf } from "../../core/words/action.ts";
import type { DiagError } from "../../core/words/errors.ts";
import type { HealthLimits, HealthWord } from "../../core/words/health.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { wouldAccept } from "./check-write.ts";
import type { RedisClient } from "./client.ts";
import { connectAndPing } from "./connection.ts";
import { toRedisError } from "./errors.ts";
import { failureOf } from "./failure.ts";
import type { RedisFailure } from "./failures/known.ts";
import { whatItIsTold } from "./intrusion.ts";
import { intrusionSigns } from "./intrusion-signs.ts";
import { refusedPart } from "./permission.ts";
import { measure, Rates } from "./rates.ts";
import { isSentinel } from "./sentinel.ts";
import { lookAtState } from "./server-state.ts";
import { standingOf } from "./standing.ts";
import { State } from "./state.ts";

const { read } = actionsOn<RedisClient>("redis");

/** A replica is watched for so long: is anybody trying to write to it? */
const WATCHED_SECONDS = 1;

/**
 * All that tells whether one server does what its system needs of it: it answers, takes writes or is not meant to, has its
 * master, its cluster, its disk, and nobody in it who should not be there. A PING alone is answered while every write is refused.
 */
export const health = read({
  name: "redis.health",
  title: "Ask whether it answers, takes writes and stands well in its system",
  timeoutSeconds: 15,
  input: z.object({}),
  output: z.object({
    pingMedianMs: z.number(),
    /** Null: a write would be taken, or nobody can say. */
    refused: z
      .object({
        code: z.string(),
        message: z.string(),
        detail: z.string().optional(),
        said: z.record(z.string(), z.string()).optional(),
      })
      .nullable(),
    /** Null: the bot may not ask. */
    state: State.nullable(),
    /** Of a replica only. */
    rates: Rates.pick({ seconds: true, errors: true, link: true }).nullable(),
    signs: z.array(z.string()),
    notSeen,
  }),
  run: async (client, _input, context) => {
    const { pingMedianMs } = await connectAndPing(client, context);
    const refused = await refusalOf(client, context);
    return client.use(context, async (redis) => {
      const { told } = await whatItIsTold(redis);
      const found = await lookAtState(redis).catch(refusedAs);
      const isReplica = !(found instanceof Error) && found.role === "replica";
      const rates = isReplica ? await measure(redis, WATCHED_SECONDS, context.signal) : null;
      const missing = found instanceof Error ? gapsOf(found) : found.notSeen;
      return {
        ...{ pingMedianMs, refused, rates },
        state: found instanceof Error ? null : found,
        signs: intrusionSigns(told),
        notSeen: missing,
      };
    });
  },
});

/** That it is a Sentinel is said by the refusal already. */
const gapsOf = (refused: DiagError): NotSeen[] =>
  isSentinel(refused.detail) ? [] : refusedPart("memory, replication and saving", refused, "+info");

/** What is refused is an answer; what does not come is none. */
function refusedAs(thrown: unknown): DiagError {
  const error = toRedisError(thrown);
  if (["target_refused", "target_error"].includes(error.code)) return error;
  throw error;
}

async function refusalOf(client: RedisClient, context: ActionContext) {
  try {
    await wouldAccept(client, context);
    return null;
  } catch (thrown) {
    const error = toRedisError(thrown);
    // A proxy or service without transactions cannot be asked this way.
    if (error.detail === "unknown-command") return null;
    if (error.code !== "target_refused") throw error;
    const { code, message, detail, said } = error;
    return {
      code,
      message,
      ...(detail === undefined ? {} : { detail }),
      ...(said === undefined ? {} : { said }),
    };
  }
}

export type RedisHealth = OutputOf<typeof health>;

/** What the answers mean, as a row of the health matrix; the same judgement as redis-connectivity's. Pure. */
export function judgeHealth(seen: RedisHealth, limits: HealthLimits): HealthWord {
  const { refused, state, rates, signs } = seen;
  const failure = refused === null ? undefined : failureOf(refused as Parameters<typeof failureOf>[0]);
  const standing = standingOf({ state: state ?? undefined, rates: rates ?? undefined, signs });
  const all = [
    ...standing.filter(({ id }) => id === "compromised"),
    ...(failure === undefined ? [] : [failure]),
    ...standing,
  ];
  const worst =
    all.find(({ severity }) => severity === "critical") ?? all.find(({ severity }) => severity === "warning");
  if (worst !== undefined) return troubleOf(worst);
  const time = judgeTime(seen.pingMedianMs, limits);
  const [note] = standing;
  return typeof time === "string" && note !== undefined
    ? `${sayMs(seen.pingMedianMs)}; ${noteOf(note)}`
    : time;
}

const troubleOf = ({ title, because, severity, advice }: RedisFailure): HealthWord => ({
  word: title,
  because,
  severity,
  next: advice,
});

/** `This is one node of …` within a row. */
const noteOf = ({ title }: RedisFailure): string => title.replace(/^This is /, "");
