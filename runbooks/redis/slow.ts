import {
  count,
  type Finding,
  type OutputOf,
  type redis,
  rows,
  sayDuration,
  sayPercent,
  saySeconds,
} from "../../src/sdk/index.ts";

type Slow = OutputOf<typeof redis.slowCommands>;

const ms = (value: number) => saySeconds(value / 1000);

/** Commands that go through a whole key, or through all keys, and what to send instead. */
const WHOLE: Readonly<Record<string, string>> = {
  KEYS: "SCAN in small steps, or an index of your own (a set of the keys) that is kept while writing",
  SMEMBERS: "SSCAN, or SISMEMBER for the one that is asked about",
  HGETALL: "HMGET of the fields that are needed, or HSCAN",
  HKEYS: "HSCAN",
  HVALS: "HSCAN",
  LRANGE: "pages (LRANGE with a small window), or a shorter list (LTRIM while writing, where it is no queue)",
  LREM: "a set or sorted set, where single entries are removed",
  LINDEX: "a hash or sorted set, where entries are looked up",
  LINSERT: "a sorted set",
  LPOS: "a set or sorted set",
  ZRANGE: "pages with LIMIT",
  ZREVRANGE: "pages with LIMIT",
  ZRANGEBYSCORE: "pages with LIMIT",
  ZREVRANGEBYSCORE: "pages with LIMIT",
  ZREMRANGEBYSCORE: "the same more often, so that each removes little",
  XRANGE: "pages with COUNT",
  XREVRANGE: "pages with COUNT",
  XPENDING: "its form with a range and a count",
  SORT: "sorting in the client, or a sorted set that is kept sorted",
  SUNION: "a result that is kept, or a replica for it",
  SINTER: "a result that is kept, SINTERCARD with LIMIT, or a replica for it",
  SDIFF: "a result that is kept, or a replica for it",
  SUNIONSTORE: "smaller sets",
  SINTERSTORE: "smaller sets",
  SDIFFSTORE: "smaller sets",
  ZUNIONSTORE: "smaller sets",
  ZINTERSTORE: "smaller sets",
  MGET: "fewer keys at once",
  MSET: "fewer keys at once",
  DEL: "UNLINK, which frees beside the work",
  FLUSHALL: "FLUSHALL ASYNC; better nobody but an administrator may send it",
  FLUSHDB: "FLUSHDB ASYNC; better nobody but an administrator may send it",
  EVAL: "short scripts: a script holds all clients for as long as it runs",
  EVALSHA: "short scripts: a script holds all clients for as long as it runs",
  FCALL: "short functions: a function holds all clients for as long as it runs",
  SAVE: "BGSAVE",
  DEBUG: "nothing: it is for tests",
  "CLIENT|LIST": "asking less often",
  CLUSTER: "asking less often: clients read the slots at every error",
};

/** KEYS goes through all keys of the database: even a little of it is wrong in production. */
const SHARES: Readonly<Record<string, number>> = { KEYS: 0.01 };
const SHARE_OF_WHOLE = 0.1;
const SHARE_OF_ANY = 0.5;

interface Share {
  readonly command: string;
  readonly share: number;
  readonly times: number;
  readonly eachMs: number;
  /** Where the figure is from. */
  readonly from: string;
}

/** Commands that take a share of the time in which everybody else waits, most first. Pure. */
function sharesOf(slow: Slow | undefined, rates: redis.RedisRates | undefined): Share[] {
  const logged = (slow?.byCommand ?? [])
    .filter(({ entries }) => entries >= 5)
    .map(({ command, entries, ms: sum, share }) => ({
      ...{ command, share, times: entries, eachMs: sum / entries },
      from: `the last ${count(entries, "entry", "entries")} of it in the slow log, over ${sayDuration((slow?.overSeconds ?? 0) * 1000)}`,
    }));
  const watched = (rates?.commands ?? [])
    .filter(({ calls }) => calls >= 2)
    .map(({ command, calls, ms: sum, share }) => ({
      ...{ command, share, times: calls, eachMs: sum / calls },
      from: `${sayDuration((rates?.seconds ?? 0) * 1000)} of watching`,
    }));
  const most = new Map<string, Share>();
  for (const one of [...logged, ...watched])
    if (one.share > (most.get(one.command)?.share ?? 0)) most.set(one.command, one);
  return [...most.values()].filter(isTooMuch).sort((a, b) => b.share - a.share);
}

const isTooMuch = ({ command, share }: Share): boolean =>
  share >= (SHARES[command] ?? (command in WHOLE ? SHARE_OF_WHOLE : SHARE_OF_ANY));

/** Which commands hold all other clients: by their share of the time, then by single calls that took long. Pure. */
export function slowFinding<const R extends string>(
  slow: Slow | undefined,
  rates: redis.RedisRates | undefined,
  slowMs: number,
  remedy: R,
): Finding<R> | undefined {
  const shares = sharesOf(slow, rates);
  const commands = (slow?.commands ?? []).filter((one) => one.ms >= slowMs);
  const events = (slow?.events ?? []).filter(({ latestMs }) => latestMs >= slowMs);
  const [most] = shares;
  const worst = commands[0];
  if (most === undefined && worst === undefined && events.length === 0) return undefined;
  const single = (command: string) =>
    rows(
      "Slow log",
      (slow?.commands ?? []).filter((one) => command === "" || one.command === command).slice(0, 8),
      {
        command: (one) => one.command,
        key: (one) => one.key,
        arguments: (one) => one.arguments,
        took: (one) => ms(one.ms),
        ago: (one) => sayDuration(one.secondsAgo * 1000),
      },
    );
  const base = {
    id: "slow-commands",
    severity: "warning",
    remedies: [remedy],
    explains: ["slow-answers", "cpu-bound"],
  } as const;
  if (most !== undefined)
    return {
      ...base,
      title: `${most.command} takes ${sayPercent(most.share)} of Redis's time: ${count(most.times, "call")}, ${ms(most.eachMs)} each`,
      because: `Measured over ${most.from}. Redis does one command at a time: while one runs, every other client waits.`,
      evidence: [
        rows("Share of the time", shares, {
          command: (one) => one.command,
          share: (one) => sayPercent(one.share),
          calls: (one) => one.times,
          each: (one) => ms(one.eachMs),
        }),
        ...(slow === undefined || slow.commands.length === 0 ? [] : [single(most.command)]),
      ],
    };
  return {
    ...base,
    title:
      worst === undefined
        ? `Redis stalled for ${ms(Math.max(...events.map(({ latestMs }) => latestMs)))} (${events.map(({ event }) => event).join(", ")})`
        : `${count(commands.length, "command")} slower than ${slowMs} ms in the last 10 min, the slowest ${worst.command} with ${ms(worst.ms)}`,
    because: "While one runs, every other client waits.",
    evidence: commands.length === 0 ? [] : [single("")],
  };
}

/** What to send instead, for the commands that were found. */
export function cheaperAdvice({
  slow,
  rates,
}: {
  readonly slow?: Slow;
  readonly rates?: redis.RedisRates;
}): string {
  const shares = sharesOf(slow, rates).map(({ command }) => command);
  const named =
    shares.length > 0 ? shares : [...new Set((slow?.commands ?? []).map(({ command }) => command))];
  const instead = named.flatMap((command) =>
    WHOLE[command] === undefined ? [] : [`${command}: ${WHOLE[command]}`],
  );
  const words =
    instead.length > 0
      ? instead.slice(0, 5).join(". ")
      : "Replace KEYS by SCAN, big HGETALL/SMEMBERS/LRANGE by pages, DEL of big keys by UNLINK, long scripts by short ones";
  return `Redis does one command at a time, so each of these holds all clients. ${words}. CLIENT LIST (\`cmd\`) and the slow log's address show who sends it; reports belong on a replica.`;
}

/** From this share of one processor on, the one thread that serves everybody is the limit. */
const FULL = 0.9;

export const busyFinding = <const R extends string>(rates: redis.RedisRates, remedy: R): Finding<R> | false =>
  rates.cpuShare !== null &&
  rates.cpuShare >= FULL && {
    id: "cpu-bound",
    severity: "warning",
    explains: ["slow-answers"],
    title: `Redis's one thread uses ${sayPercent(Math.min(1, rates.cpuShare))} of a processor`,
    because: `It serves all clients, so they wait in line. Most time went to ${
      rates.commands
        .slice(0, 3)
        .map(({ command, calls, share }) => `${command} (${calls} calls, ${sayPercent(share)})`)
        .join(", ") || "what is no command (expiry, eviction, a rehash)"
    } in ${sayDuration(rates.seconds * 1000)}.`,
    remedies: [remedy],
  };

/** No command is slow by itself: there are many. */
export function lighterAdvice(rates: redis.RedisRates | undefined): string {
  const [most] = rates?.commands ?? [];
  const named = most === undefined ? "" : `${most.command} is sent most. `;
  return `${named}Many small commands are the load, not one slow one: send several at once (pipelines, MGET, one HGETALL of a small hash in place of many HGETs), keep what is asked for all the time in the application for some seconds, read from replicas (READONLY) where a moment of delay does no harm. Beyond that more instances or a cluster: one Redis uses one processor for commands, so a larger machine changes little (\`io-threads\` takes only reading and writing of sockets off it). CLIENT LIST shows who sends most.`;
}
