import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import type { RedisClient } from "./client.ts";
import { maskKey, prefixOf } from "./keys.ts";
import { refusedPart } from "./permission.ts";

const { read } = actionsOn<RedisClient>("redis");

const SlowCommand = z.object({
  command: z.string(),
  /** Masked key or prefix; no other argument is shown. */
  key: z.string(),
  arguments: z.int(),
  ms: z.number(),
  secondsAgo: z.number(),
});
type SlowCommand = z.infer<typeof SlowCommand>;

const ByCommand = z.object({
  command: z.string(),
  entries: z.int(),
  ms: z.number(),
  /** Of the time the entries stretch over: all other clients waited so long for it. */
  share: z.number(),
});

const Slow = z.object({
  /** The slowest 20. */
  commands: z.array(SlowCommand),
  /** All entries by command, most time first. */
  byCommand: z.array(ByCommand),
  /** The time the entries stretch over: the log keeps a number of entries, not a time. */
  overSeconds: z.number(),
  events: z.array(
    z.object({ event: z.string(), latestMs: z.number(), worstMs: z.number(), secondsAgo: z.number() }),
  ),
  notSeen,
});
export type SlowCommands = z.infer<typeof Slow>;

/** Commands whose arguments are no key. */
const KEYLESS = new Set([
  ...["EVAL", "EVALSHA", "FCALL", "KEYS", "SCAN", "CONFIG", "INFO", "AUTH", "HELLO", "ACL"],
  ...["FLUSHALL", "FLUSHDB", "SCRIPT", "FUNCTION", "CLUSTER", "CLIENT", "DEBUG", "SAVE", "BGSAVE"],
]);

/** As many as the log keeps by default (slowlog-max-len). */
const ENTRIES = 128;

/**
 * The slow log's last entries and the latency monitor's latest events. Only the command, its masked key and how many
 * arguments: values are people's data (trap redis-slowlog-pii). sergas-agents.cache-performance, sergas-agents.cache-slow.
 */
export const slowCommands = read({
  name: "redis.slow-commands",
  title: "Slow commands and latency events",
  input: z.object({ withinSeconds: z.number().min(1).max(604_800).default(600) }),
  output: Slow,
  run: (client, { withinSeconds }, context) =>
    client.use(context, async (redis) => {
      const [log, events, time] = await redis.all([
        ["SLOWLOG", "GET", ENTRIES],
        ["LATENCY", "LATEST"],
        ["TIME"],
      ]);
      const now = Array.isArray(time) ? Number(time[0]) : Date.now() / 1000;
      const missing: NotSeen[] = [
        ...refusedPart("slow commands", log, "+slowlog|get"),
        ...refusedPart("latency events", events, "+latency|latest"),
      ];
      return { ...slowIn(rowsOf(log), rowsOf(events), now, withinSeconds), notSeen: missing };
    }),
});

const rowsOf = (reply: unknown): unknown[][] =>
  Array.isArray(reply) ? reply.filter((entry) => Array.isArray(entry)) : [];

/** Pure. Exported for its test. */
export function slowIn(
  log: readonly unknown[][],
  events: readonly unknown[][],
  now: number,
  withinSeconds: number,
): Omit<SlowCommands, "notSeen"> {
  const lately = ({ secondsAgo }: { secondsAgo: number }) => secondsAgo <= withinSeconds;
  const commands = log.map((entry) => slowCommandOf(entry, now)).filter(lately);
  // A log that is full goes back to its oldest entry only; one that is not knows of all that was slow.
  const oldest = Math.max(1, ...commands.map(({ secondsAgo }) => secondsAgo));
  const overSeconds = log.length >= ENTRIES || commands.length >= 64 ? oldest : withinSeconds;
  return {
    byCommand: byCommand(commands, overSeconds),
    overSeconds,
    commands: commands.toSorted((a, b) => b.ms - a.ms).slice(0, 20),
    events: events
      .map(([event, at, latest, worst]) => ({
        event: String(event).slice(0, 60),
        latestMs: Number(latest),
        worstMs: Number(worst),
        secondsAgo: Math.max(0, now - Number(at)),
      }))
      .filter(lately),
  };
}

function byCommand(commands: readonly SlowCommand[], overSeconds: number): SlowCommands["byCommand"] {
  const groups = new Map<string, { command: string; entries: number; ms: number }>();
  for (const { command, ms } of commands) {
    const group = groups.get(command) ?? { command, entries: 0, ms: 0 };
    groups.set(command, { command, entries: group.entries + 1, ms: group.ms + ms });
  }
  return [...groups.values()]
    .map((group) => ({ ...group, share: group.ms / 1000 / overSeconds }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, 10);
}

/** One slow log entry (id, time, microseconds, [command, …arguments]) without its values. */
export function slowCommandOf(entry: readonly unknown[], now: number): SlowCommand {
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
