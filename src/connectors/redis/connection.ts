import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { within } from "../../lib/deadline.ts";
import { ownLag } from "../../lib/own-lag.ts";
import type { RedisClient, RedisHands } from "./client.ts";
import { timeoutAt, toRedisError } from "./errors.ts";

const { read } = actionsOn<RedisClient>("redis");

const PINGS = 20;
const STAGE_MS = 3_000;

/**
 * A connection from scratch: name, TCP, login, twenty PINGs timed less our own delay (a busy bot is no slow Redis). The error names the stage or the reply that failed.
 * Traps redis-ping-auth (redis-cli exits 0 on NOAUTH), redis-latency (--latency never ends). sergas-agents.cache-slow.
 */
export const checkConnection = read({
  name: "redis.check-connection",
  title: "Connect, log in and answer",
  timeoutSeconds: 12,
  input: z.object({}),
  output: z.object({
    dnsMs: z.number(),
    tcpMs: z.number(),
    loginMs: z.number(),
    pingMedianMs: z.number(),
    pingWorstMs: z.number(),
    /** The URL has a password, and the server lets everybody in without one. */
    isOpen: z.boolean().default(false),
  }),
  run: (client, _input, context) => connectAndPing(client, context),
});

/** As `redis.check-connection` says. */
export async function connectAndPing(client: RedisClient, context: ActionContext) {
  const { host, port } = client.endpoint;
  const dnsMs = await timed(() => addressOf(host));
  const tcpMs = await timed(() => touch(host, port));
  const start = performance.now();
  return client.useOwn(context, async (redis) => {
    await expectPong(redis.call("PING"));
    const loginMs = round(performance.now() - start);
    const pings: number[] = [];
    for (let i = 0; i < PINGS; i++) {
      const lag = await ownLag();
      pings.push(round(Math.max(0, (await timed(() => expectPong(redis.call("PING")))) - lag)));
    }
    pings.sort((a, b) => a - b);
    const pingMedianMs = pings[PINGS / 2] ?? 0;
    const isOpen = await wantsNone(redis, client.password);
    return { dnsMs, tcpMs, loginMs, pingMedianMs, pingWorstMs: pings[PINGS - 1] ?? 0, isOpen };
  });
}

/** The driver goes on where the server wants no password, and tells nobody: asked once more it says so. */
async function wantsNone(redis: RedisHands, password: string | undefined): Promise<boolean> {
  if (password === undefined) return false;
  const said = await redis.call("AUTH", password).then(
    () => "",
    (thrown: unknown) => String(thrown),
  );
  return /without any password configured|no password is set/i.test(said);
}

async function expectPong(reply: Promise<unknown>): Promise<void> {
  const word = await reply.catch((thrown: unknown) => {
    const error = toRedisError(thrown);
    // That the user may not send it, or a proxy does not know it, is an answer, too; MISCONF is the answer to writes and PING.
    if (["NOPERM", "unknown-command", "MISCONF"].includes(error.detail ?? "")) return "PONG";
    throw error;
  });
  if (word !== "PONG") throw toRedisError(new Error(`PING was answered with ${String(word).slice(0, 60)}`));
}

const addressOf = (host: string) =>
  within(lookup(host), { ms: STAGE_MS, late: () => timeoutAt("tcp", STAGE_MS) }).catch((thrown: unknown) => {
    throw toRedisError(thrown);
  });

const touch = (host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: STAGE_MS });
    const end = (settle: () => void) => {
      socket.destroy();
      settle();
    };
    socket.once("connect", () => end(resolve));
    socket.once("timeout", () => end(() => reject(timeoutAt("tcp", STAGE_MS))));
    socket.once("error", (error) => end(() => reject(toRedisError(error))));
  });

const round = (ms: number) => Math.round(ms * 100) / 100;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return round(performance.now() - start);
}
