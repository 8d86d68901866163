import { z } from "zod";
import { type ActionContext, actionsOn, type WriteContext } from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { beforeEffect, refused } from "../../before-effect.ts";
import type { RedisClient, RedisHands } from "../client.ts";
import { toRedisError } from "../errors.ts";
import { LOOK } from "./bullmq-scripts.ts";
import { ask, numberOf, textsOf } from "./replies.ts";

/** A queue of BullMQ. */
export const QueueName = z.object({
  database: z.int().min(0).default(0),
  prefix: z.string().min(1).max(250),
  name: z.string().min(1).max(250),
});
export type QueueName = z.output<typeof QueueName>;

export const JobId = z.string().min(1).max(200);

export const baseOf = ({ prefix, name }: QueueName): string => `${prefix}:${name}:`;
export const targetOf = ({ database, prefix, name }: QueueName): string => `${database}/${prefix}:${name}`;
export const sayQueue = ({ database, prefix, name }: QueueName): string =>
  `${name} (${prefix}${database === 0 ? "" : `, database ${database}`})`;

const States = z.enum([
  ...(["completed", "waiting-children", "delayed", "failed", "prioritized"] as const),
  ...(["active", "wait", "paused", "gone"] as const),
]);

/** A job by its id. `digest`: of name, payload and time, made by the server: the payload does not leave it. */
const Job = z.object({
  id: z.string(),
  state: States,
  digest: z.string(),
  name: z.string(),
  attempts: z.number(),
  /** Of the payload. */
  bytes: z.number(),
  isLocked: z.boolean(),
  hasParent: z.boolean(),
  hasChildren: z.boolean(),
  failedAt: z.number().nullable(),
});
export type Job = z.output<typeof Job>;

/** One queue of BullMQ and some of its jobs by their ids (LPOS: Redis 6.0.6). Looks only, by a script that the server carries out. */
export const queueJobs = actionsOn<RedisClient>("redis").read({
  name: "redis.queue-jobs",
  title: "One queue of BullMQ, and jobs of it by their ids",
  input: QueueName.extend({ ids: z.array(JobId).max(20).default([]) }),
  output: z.object({
    /** As the library wrote it down, e.g. `bullmq:6.7.0`; empty: no queue of BullMQ. */
    version: z.string(),
    paused: z.boolean(),
    waiting: z.number(),
    failed: z.number(),
    jobs: z.array(Job),
  }),
  run: (client, input, context) => queueNow(client, input, input.ids, context),
});

/** As `redis.queue-jobs` says. */
export const queueNow = (
  client: RedisClient,
  queue: QueueName,
  ids: readonly string[],
  context: ActionContext,
) =>
  client.useOwn(context, async (redis) => {
    const base = baseOf(queue);
    if (queue.database !== 0) await redis.call("SELECT", queue.database);
    const [meta, wait, paused, prioritized, failed, ...scores] = await ask(redis, [
      ["HMGET", `${base}meta`, "version", "paused"],
      ["LLEN", `${base}wait`],
      ["LLEN", `${base}paused`],
      ["ZCARD", `${base}prioritized`],
      ["ZCARD", `${base}failed`],
      ...ids.map((id) => ["ZSCORE", `${base}failed`, id] as const),
    ]);
    const fields = Array.isArray(meta) ? meta : [];
    const jobs: Job[] = [];
    for (const [at, id] of ids.entries()) {
      const [state, digest, name = "", attempts, bytes, lock, parent, children] = textsOf(
        await evaluate(redis, LOOK, queue, [id]),
      );
      jobs.push({
        ...{ id, state: States.parse(state), digest: digest ?? "", name: name.slice(0, 80) },
        ...{ attempts: Number(attempts), bytes: Number(bytes), isLocked: lock === "1" },
        ...{ hasParent: parent === "1", hasChildren: children !== "0" },
        failedAt: scores[at] == null ? null : Number(scores[at]),
      });
    }
    return {
      version: typeof fields[0] === "string" ? fields[0].slice(0, 60) : "",
      paused: fields[1] != null,
      waiting: numberOf(wait) + numberOf(paused) + numberOf(prioritized),
      failed: numberOf(failed),
      jobs,
    };
  });

const evaluate = (redis: RedisHands, script: string, queue: QueueName, words: readonly string[]) =>
  redis.call("EVAL", script, 0, queue.database, baseOf(queue), ...words);

/** `bullmq:6.7.0`: 6. Undefined: not written down. */
const majorOf = (version: string): number | undefined => {
  const major = /^bullmq:(\d{1,3})\./.exec(version)?.[1];
  return major === undefined ? undefined : Number(major);
};

/** Why nothing is changed in a queue of that version; undefined: its layout is known. */
export function versionRefusal(version: string): string | undefined {
  const major = majorOf(version);
  if (major === 5 || major === 6) return undefined;
  return `${version === "" ? "a queue that does not say which version of BullMQ wrote it" : version.slice(0, 60)} is not changed from here: only 5 and 6 are known. Use the library itself`;
}

/** What the script answers that carries it out. Refused where the server, or what it saw first, proves that nothing was done. */
export async function change(
  client: RedisClient,
  { queue, script, words }: { queue: QueueName; script: string; words: readonly (string | number)[] },
  says: Readonly<Record<string, string>>,
  context: WriteContext,
): Promise<string[]> {
  const { version } = await beforeEffect(() => queueNow(client, queue, [], context));
  const why = versionRefusal(version);
  if (why !== undefined) throw refused(why);
  if (context.remainingMs() < 1_000) throw refused("too little time is left");
  const major = String(majorOf(version) ?? "");
  const [word = "", ...rest] = await client.change(context, async (redis) => {
    const all = words.map((one) => (one === MAJOR ? major : one));
    const [reply] = await redis.all([["EVAL", script, 0, queue.database, baseOf(queue), ...all]]);
    if (!(reply instanceof Error)) return textsOf(reply);
    const error = toRedisError(reply);
    // An error within the script may have come after a first change; one that names no script came before it began.
    if (/user_script|call to f_/.test(error.message) || error.code === "timeout") throw error;
    if (!PROVEN.includes(error.detail ?? "")) throw error;
    throw new DiagError("target_refused", `nothing was done: ${error.message}`, { cause: reply });
  });
  if (word === "ok") return rest;
  if (word === "rights") throw refused(`Redis does not let this user ${rest[0]}; doctor says what gives it`);
  throw refused(`${says[word] ?? word}${rest[0] === undefined || rest[0] === "" ? "" : ` (job ${rest[0]})`}`);
}

/** Stands for the major version of the library among the words of a script. */
export const MAJOR = "<major>";
const PROVEN = [
  "NOPERM",
  "READONLY",
  "OOM",
  "MISCONF",
  "LOADING",
  "BUSY",
  "MASTERDOWN",
  "CLUSTERDOWN",
  "MOVED",
  "NOREPLICAS",
  "unknown-command",
];
