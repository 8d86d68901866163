import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { waitFor } from "../../lib/wait.ts";
import type { RedisClient } from "./client.ts";
import { maskKey, prefixOf } from "./keys.ts";
import { stateOf } from "./server.ts";

const { read } = actionsOn<RedisClient>("redis");

const Rates = z.object({
  /** How long was really measured. */
  seconds: z.number(),
  hits: z.number(),
  misses: z.number(),
  /** hits / (hits + misses); null without lookups: unknown, not zero. */
  hitRatio: z.number().nullable(),
  /** Over the server's whole life; null without lookups. */
  lifetimeHitRatio: z.number().nullable(),
  evicted: z.number(),
  expired: z.number(),
  oomErrors: z.number(),
  rejectedConnections: z.number(),
});
export type RedisRates = z.infer<typeof Rates>;

/**
 * What happens now: INFO twice, `seconds` apart, and the difference. Counters since the start say nothing about now
 * (trap redis-hit-rate). ai-saas.cache-effectiveness, sergas-agents.cache-misses.
 */
export const sampleRates = read({
  name: "redis.sample-rates",
  title: "Hits, misses, evictions and errors over an interval",
  timeoutSeconds: 45,
  input: z.object({ seconds: z.number().min(0.2).max(30).default(3) }),
  output: Rates,
  run: (client, { seconds }, context) =>
    client.use(context, async (redis) => {
      const look = async () => ({
        at: performance.now(),
        ...stateOf(String(await redis.call("INFO", "everything"))).totals,
      });
      const before = await look();
      await waitFor(seconds * 1000, context.signal);
      const after = await look();
      const grown = (name: Exclude<keyof typeof before, "at">) => Math.max(0, after[name] - before[name]);
      const [hits, misses] = [grown("hits"), grown("misses")];
      return {
        seconds: (after.at - before.at) / 1000,
        hits,
        misses,
        hitRatio: ratio(hits, misses),
        lifetimeHitRatio: ratio(after.hits, after.misses),
        evicted: grown("evicted"),
        expired: grown("expired"),
        oomErrors: grown("oomErrors"),
        rejectedConnections: grown("rejectedConnections"),
      };
    }),
});

const ratio = (hits: number, misses: number): number | null =>
  hits + misses === 0 ? null : hits / (hits + misses);

const SlowCommand = z.object({
  command: z.string(),
  /** Masked key or prefix; no other argument is shown. */
  key: z.string(),
  arguments: z.int(),
  ms: z.number(),
  secondsAgo: z.number(),
});

/** Commands whose arguments are no key. */
const KEYLESS = new Set([
  "EVAL",
  "EVALSHA",
  "KEYS",
  "SCAN",
  "CONFIG",
  "INFO",
  "AUTH",
  "FLUSHALL",
  "FLUSHDB",
  "FCALL",
]);

/**
 * The slow log's last 64 entries and the latency monitor's latest events. Only the command, its masked key and how many
 * arguments: values are people's data (trap redis-slowlog-pii). sergas-agents.cache-performance, sergas-agents.cache-slow.
 */
export const slowCommands = read({
  name: "redis.slow-commands",
  title: "Slow commands and latency events",
  input: z.object({ withinSeconds: z.number().min(1).max(604_800).default(600) }),
  output: z.object({
    commands: z.array(SlowCommand),
    events: z.array(
      z.object({ event: z.string(), latestMs: z.number(), worstMs: z.number(), secondsAgo: z.number() }),
    ),
  }),
  run: (client, { withinSeconds }, context) =>
    client.use(context, async (redis) => {
      const [log, events, time] = await redis.all([["SLOWLOG", "GET", 64], ["LATENCY", "LATEST"], ["TIME"]]);
      if (log instanceof Error) throw log;
      const now = Array.isArray(time) ? Number(time[0]) : Date.now() / 1000;
      const lately = ({ secondsAgo }: { secondsAgo: number }) => secondsAgo <= withinSeconds;
      return {
        commands: entries(log)
          .map((entry) => slowCommandOf(entry, now))
          .filter(lately)
          .sort((a, b) => b.ms - a.ms)
          .slice(0, 20),
        events: (events instanceof Error ? [] : entries(events))
          .map(([event, at, latest, worst]) => ({
            event: String(event).slice(0, 60),
            latestMs: Number(latest),
            worstMs: Number(worst),
            secondsAgo: Math.max(0, now - Number(at)),
          }))
          .filter(lately),
      };
    }),
});

const entries = (reply: unknown): unknown[][] =>
  Array.isArray(reply) ? reply.filter((entry) => Array.isArray(entry)) : [];

/** One slow log entry (id, time, microseconds, [command, …arguments]) without its values. */
export function slowCommandOf(entry: readonly unknown[], now: number) {
  const words = Array.isArray(entry[3]) ? entry[3].map(String) : [];
  const command = (words[0] ?? "").toUpperCase().slice(0, 40);
  const key = KEYLESS.has(command) || words[1] === undefined ? "" : words[1];
  return {
    command,
    key: key.includes(":") ? prefixOf(key) : maskKey(key),
    arguments: Math.max(0, words.length - 1),
    ms: Number(entry[2]) / 1000,
    secondsAgo: Math.max(0, now - Number(entry[1])),
  };
}
