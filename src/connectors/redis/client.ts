import { Socket } from "node:net";
import { Redis } from "ioredis";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError, type ErrorCode } from "../../core/words/errors.ts";
import { within } from "../../lib/deadline.ts";
import { withinBytes } from "../byte-budget.ts";
import { timeoutAt, toRedisError } from "./errors.ts";
import { firstWords, isPaused, speaks } from "./first-words.ts";

/** Commands on one connection; replies as Redis gives them (RESP2). */
export interface RedisHands {
  call(command: string, ...args: (string | number)[]): Promise<unknown>;
  /** Sent together; one reply or Error per command, in order. */
  all(commands: readonly (readonly [string, ...(string | number)[]])[]): Promise<unknown[]>;
}

/** One Redis. Its connection is made at first use, made again after it broke, and never queues commands while it is away. */
export interface RedisClient {
  /** On the shared connection. Throws DiagError. */
  use<T>(context: ActionContext, work: (redis: RedisHands) => Promise<T>): Promise<T>;
  /** On a connection of its own, closed afterwards: for SELECT, and for timing from scratch. */
  useOwn<T>(context: ActionContext, work: (redis: RedisHands) => Promise<T>): Promise<T>;
  /**
   * As `use`, for what changes something. Its errors say only what happened to this connection: what the server tells the
   * next client proves nothing about a write that was cut off.
   */
  change<T>(context: ActionContext, work: (redis: RedisHands) => Promise<T>): Promise<T>;
  readonly endpoint: { readonly host: string; readonly port: number };
  /** Of the URL, where it names no user of its own. */
  readonly password: string | undefined;
  close(): Promise<void>;
}

const CONNECT_MS = 3_000;
/** A sample of 100,000 keys is some 20 MB. */
const BUDGET = { bytes: 32 * 1_048_576, of: "Redis" };
/** For a second look at a connection that failed. */
const LOOK_MS = 1_000;

/** Opens nothing yet. */
export function openRedis(url: string): RedisClient {
  const parsed = new URL(url);
  let open: Redis | undefined;
  // The steps of one stage share one attempt and its outcome.
  let attempt: Promise<Redis> | undefined;
  const drop = () => {
    open?.disconnect();
    open = undefined;
    attempt?.then((redis) => redis.disconnect()).catch(() => {});
  };
  const attemptNow = async (): Promise<Redis> => {
    try {
      open = await connected(create(url));
      return open;
    } finally {
      attempt = undefined;
    }
  };
  const sharedNow = (): Promise<Redis> => {
    if (open?.status === "ready") return Promise.resolve(open);
    attempt ??= attemptNow();
    return attempt;
  };
  return {
    endpoint: { host: parsed.hostname.replace(/^\[|\]$/g, ""), port: Number(parsed.port || 6379) },
    password:
      parsed.password === "" || !["", "default"].includes(parsed.username)
        ? undefined
        : decodeURIComponent(parsed.password),
    use: (context, work) =>
      orStopped(context, async () => bounded(await sharedNow(), work), drop).catch((error: unknown) =>
        explain(error, url),
      ),
    change: (context, work) => orStopped(context, async () => bounded(await sharedNow(), work), drop),
    useOwn: async (context, work) => {
      const own = create(url);
      const hangUp = () => own.disconnect();
      try {
        return await orStopped(context, async () => bounded(await connected(own), work), hangUp).catch(
          (error: unknown) => explain(error, url),
        );
      } finally {
        hangUp();
      }
    },
    close: async () => drop(),
  };
}

const create = (url: string): Redis =>
  new Redis(url, {
    lazyConnect: true,
    // What is away is an answer: nothing is retried, queued or waited for behind the step's back.
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    autoResubscribe: false,
    protocol: 2,
    disableClientInfo: true,
    connectionName: "diagbot",
    connectTimeout: CONNECT_MS,
    commandTimeout: 8_000,
  });

/** The driver rejects with "Connection is closed."; the reason came before, as an event. */
async function connected(redis: Redis): Promise<Redis> {
  let reason: unknown;
  redis.on("error", (error) => {
    reason ??= error;
  });
  try {
    await within(redis.connect(), { ms: CONNECT_MS * 1.5, late: () => timeoutAt("reply", CONNECT_MS * 1.5) });
    return redis;
  } catch (thrown) {
    redis.disconnect();
    throw toRedisError(reason ?? thrown);
  }
}

/**
 * A server that hangs up has often said why, before the driver could listen; one of the two meant TLS and the other did not; or
 * something else answers there, and its first words tell what.
 */
async function explain(thrown: unknown, url: string): Promise<never> {
  const error = toRedisError(thrown);
  const detail = error.detail ?? "";
  const isTls = url.startsWith("rediss:");
  if (isTls && detail === "tcp" && (await speaks(url, "tcp", LOOK_MS)))
    throw mismatch("timeout", `connected, but no TLS handshake within ${CONNECT_MS} ms`, "no-tls");
  if (["reply", "closed"].includes(detail) && (await isPaused(url, LOOK_MS)))
    throw mismatch("timeout", "commands are held back, while what is none is answered", "paused");
  if (!["closed", "ECONNRESET", "EPIPE", "not-redis"].includes(detail)) throw error;
  const words = await firstWords(url, LOOK_MS);
  if (words.startsWith("-")) throw toRedisError(new Error(words.slice(1)));
  if (words !== "" && !words.startsWith("+"))
    throw mismatch("target_error", `the first words of what answers are “${words}”`, "not-redis");
  if (!isTls && (await speaks(url, "tls", LOOK_MS)))
    throw mismatch(
      "target_unreachable",
      "the port speaks TLS, but the URL begins with redis://",
      "wants-tls",
    );
  throw error;
}

const mismatch = (code: ErrorCode, words: string, detail: string): DiagError =>
  new DiagError(code, `Redis: ${words}`, { detail });

const hands = (redis: Redis): RedisHands => ({
  call: (command, ...args) => redis.call(command, ...args),
  // Written in one go, so they stay together even on the shared connection.
  all: async (commands) => {
    const replies = await Promise.allSettled(
      commands.map(([command, ...rest]) => redis.call(command, ...rest)),
    );
    return replies.map((reply) => (reply.status === "fulfilled" ? reply.value : reply.reason));
  },
});

const bounded = <T>(redis: Redis, work: (hands: RedisHands) => Promise<T>): Promise<T> =>
  withinBytes(redis.stream instanceof Socket ? redis.stream : undefined, BUDGET, () => work(hands(redis)));

/** Ends the wait at the step's deadline or cancel; `drop` closes the connection, so that no late reply meets a later step. */
async function orStopped<T>(context: ActionContext, work: () => Promise<T>, drop: () => void): Promise<T> {
  const { signal, timeoutMs } = context;
  const late = () =>
    signal.reason instanceof DOMException && signal.reason.name === "TimeoutError"
      ? timeoutAt("reply", timeoutMs)
      : new DiagError("aborted", "Redis: the step was stopped");
  try {
    return await within(work(), { signal, late });
  } catch (thrown) {
    const error = toRedisError(thrown);
    if (["timeout", "aborted", "target_unreachable", "output_too_large"].includes(error.code)) drop();
    throw error;
  }
}
