import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { waitFor } from "../../lib/wait.ts";
import type { RedisClient, RedisHands } from "./client.ts";
import { type Counted, Enough, isLow, PIECE_MS } from "./enough.ts";
import { commandsIn, countIn, errorsIn, type Fields, numberIn, parseInfo } from "./info.ts";

const { read } = actionsOn<RedisClient>("redis");

const count = z.number();

export const Rates = z.object({
  /** How long was really measured. */
  seconds: z.number(),
  hits: count,
  misses: count,
  /** hits / (hits + misses); null without lookups: unknown, not zero. */
  hitRatio: z.number().nullable(),
  /** Over the server's whole life; null without lookups. */
  lifetimeHitRatio: z.number().nullable(),
  evicted: count,
  expired: count,
  oomErrors: count,
  /** Errors answered meanwhile, by their word: `READONLY: 3`. */
  errors: z.record(z.string(), z.number()),
  rejectedConnections: count,
  /** Connections made meanwhile, our own left out. */
  newConnections: count,
  /** Whole copies given to replicas, and connections cut for too big a buffer (null: this version does not count them). */
  fullSyncs: count,
  bufferCuts: count.nullable(),
  /** Bytes of the replication stream that were written. */
  written: z.number().nullable(),
  /** How often the link to the master was seen down or copying, of so many looks. Of a master: never. */
  link: z.object({ looks: z.int(), down: z.int(), copying: z.int() }),
  /** Of one processor, by the thread that serves all clients; null: it does not say. */
  cpuShare: z.number().nullable(),
  /** Those that took most time, at most 10. `share` of the time measured. */
  commands: z.array(z.object({ command: z.string(), calls: count, ms: z.number(), share: z.number() })),
  /** A counter fell meanwhile: what is said counts from then on. */
  reset: z.enum(["restart", "counters"]).nullable(),
});
export type RedisRates = z.infer<typeof Rates>;

const SECTIONS = ["INFO", "everything"] as const;

/**
 * What happens now: INFO at the beginning and the end, and the difference. Counters since the start say nothing about now
 * (trap redis-hit-rate). ai-saas.cache-effectiveness, sergas-agents.cache-misses.
 */
export const sampleRates = read({
  name: "redis.sample-rates",
  title: "Hits, misses, evictions, errors and commands over an interval",
  timeoutSeconds: 45,
  input: z.object({
    seconds: z.number().min(0.2).max(30).default(3),
    /** Ends before, once so much is certain; absent: the whole time. */
    enough: Enough.optional(),
  }),
  output: Rates,
  run: (client, { seconds, enough }, context) =>
    client.use(context, (redis) => measure(redis, seconds, context.signal, enough)),
});

/** On a connection that is open. */
export async function measure(
  redis: RedisHands,
  seconds: number,
  signal: AbortSignal,
  enough?: Enough,
): Promise<RedisRates> {
  const before = await look(redis);
  const link =
    enough === undefined || before.info.role === "slave"
      ? await watchLink(redis, before.info, seconds, signal)
      : await watchLookups(redis, before, { seconds, enough }, signal);
  return ratesBetween(before, await look(redis), link);
}

interface Look {
  readonly at: number;
  readonly info: Fields;
}

const look = async (redis: RedisHands): Promise<Look> => ({
  at: performance.now(),
  info: parseInfo(String(await redis.call(...SECTIONS))),
});

/** Waits until what is looked up has shown enough, or the time is over. */
async function watchLookups(
  redis: RedisHands,
  before: Look,
  { seconds, enough }: { seconds: number; enough: Enough },
  signal: AbortSignal,
): Promise<RedisRates["link"]> {
  const counted: Counted[] = [lookupsIn(before.info)];
  const end = before.at + seconds * 1000;
  for (let left = end - performance.now(); left > 0 && !signal.aborted; left = end - performance.now()) {
    await waitFor(Math.min(PIECE_MS, left), signal);
    const [reply] = await redis.all([["INFO", "stats"]]);
    if (!(reply instanceof Error)) counted.push(lookupsIn(parseInfo(String(reply))));
    if (isLow(counted, enough)) break;
  }
  return { looks: 0, down: 0, copying: 0 };
}

const lookupsIn = (info: Fields): Counted => ({
  hits: countIn(info, "keyspace_hits"),
  misses: countIn(info, "keyspace_misses"),
});

/** Waits, and looks at a replica's link meanwhile: one that breaks and comes back again shows at neither end. */
async function watchLink(redis: RedisHands, { role }: Fields, seconds: number, signal: AbortSignal) {
  const link = { looks: 0, down: 0, copying: 0 };
  const looks = role === "slave" ? Math.ceil(seconds * 4) : 1;
  for (let n = 0; n < looks; n++) {
    await waitFor((seconds * 1000) / looks, signal);
    if (role !== "slave") continue;
    const [reply] = await redis.all([["INFO", "replication"]]);
    // It loads a copy and answers nothing else (LOADING).
    const info = parseInfo(
      reply instanceof Error ? "master_link_status:down\nmaster_sync_in_progress:1" : String(reply),
    );
    link.looks += 1;
    link.down += info.master_link_status === "up" ? 0 : 1;
    link.copying += info.master_sync_in_progress === "1" ? 1 : 0;
  }
  return link;
}

const MOST_COMMANDS = 10;
/** The reads of this runbook that begin meanwhile. */
const OWN_CONNECTIONS = 3;

/** Pure. Exported for its test. */
export function ratesBetween(before: Look, after: Look, link: RedisRates["link"]): RedisRates {
  const seconds = (after.at - before.at) / 1000;
  const grown = (name: string) => increase(countIn(before.info, name), countIn(after.info, name));
  const maybe = (name: string) => (numberIn(after.info, name) === null ? null : grown(name));
  const [hits, misses] = [grown("keyspace_hits"), grown("keyspace_misses")];
  const errors = errorsBetween(before.info, after.info);
  return {
    seconds,
    hits,
    misses,
    hitRatio: ratio(hits, misses),
    lifetimeHitRatio: ratio(countIn(after.info, "keyspace_hits"), countIn(after.info, "keyspace_misses")),
    evicted: grown("evicted_keys"),
    expired: grown("expired_keys"),
    oomErrors: errors.OOM ?? 0,
    errors,
    rejectedConnections: grown("rejected_connections"),
    newConnections: Math.max(0, grown("total_connections_received") - OWN_CONNECTIONS),
    fullSyncs: grown("sync_full"),
    bufferCuts: maybe("client_output_buffer_limit_disconnections"),
    written: maybe("master_repl_offset"),
    link,
    cpuShare: cpuBetween(before, after, seconds),
    commands: commandsBetween(before.info, after.info, seconds),
    reset: resetBetween(before.info, after.info),
  };
}

/** A counter that fell began anew: what it counts now has all been counted since. */
const increase = (before: number, after: number): number => (after < before ? after : after - before);

const ratio = (hits: number, misses: number): number | null =>
  hits + misses === 0 ? null : hits / (hits + misses);

function errorsBetween(before: Fields, after: Fields): Record<string, number> {
  const was = errorsIn(before);
  const grown = Object.entries(errorsIn(after)).map(
    ([word, now]) => [word, increase(was[word] ?? 0, now)] as const,
  );
  return Object.fromEntries(grown.filter(([, n]) => n > 0).slice(0, 50));
}

function commandsBetween(before: Fields, after: Fields, seconds: number): RedisRates["commands"] {
  const was = commandsIn(before);
  return [...commandsIn(after)]
    .map(([command, now]) => {
      const ms = increase(was.get(command)?.usec ?? 0, now.usec) / 1000;
      const calls = increase(was.get(command)?.calls ?? 0, now.calls);
      return { command: command.toUpperCase(), calls, ms, share: seconds > 0 ? ms / 1000 / seconds : 0 };
    })
    .filter(({ calls }) => calls > 0)
    .sort((a, b) => b.ms - a.ms)
    .slice(0, MOST_COMMANDS);
}

/** The main thread's, where it is told apart (6.2); with threads for I/O the process uses more than the one that matters. */
function cpuBetween(before: Look, after: Look, seconds: number): number | null {
  const [kind] = ["_main_thread", ""].filter((end) => numberIn(after.info, `used_cpu_user${end}`) !== null);
  if (kind === undefined || seconds <= 0) return null;
  const used = ["sys", "user"].map((name) =>
    increase(countIn(before.info, `used_cpu_${name}${kind}`), countIn(after.info, `used_cpu_${name}${kind}`)),
  );
  return used.reduce((sum, one) => sum + one, 0) / seconds;
}

function resetBetween(before: Fields, after: Fields): RedisRates["reset"] {
  if (before.run_id !== after.run_id) return "restart";
  const fell = ["total_commands_processed", "total_connections_received"].some(
    (name) => countIn(after, name) < countIn(before, name),
  );
  return fell ? "counters" : null;
}
