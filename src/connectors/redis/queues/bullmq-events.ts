import type { RedisHands } from "../client.ts";
import type { Parts } from "./bullmq-parts.ts";
import { ask, askEach, textsOf } from "./replies.ts";

/** Where the streams of events ended at the first look, by base; empty at the first look itself. */
export type Past = Map<string, string>;

/** What happened in a queue since the first look, as its stream of events says. */
interface Told {
  readonly added: number;
  readonly done: number;
  readonly failing: number;
  /** Given to a worker. Null: the stream holds nothing at all, so events are not written. */
  readonly begun: number | null;
  /** How often a job was given back, by id: tried again at once, or lost by its worker. */
  readonly givenBack: ReadonlyMap<string, number>;
}

/** Events of each queue that are read, the newest; a stream keeps about as many by default. */
const MOST = 10_000;

/**
 * At the first look notes where each stream ends; at the second counts what came since. Of a queue so busy that its stream holds no
 * more of the look than its end, that part stands for the whole.
 */
export async function events(
  redis: RedisHands,
  parts: readonly Parts[],
  past: Past,
): Promise<Map<string, Told>> {
  const all = parts.filter(({ isBullMQ }) => isBullMQ);
  if (past.size === 0) return noteEnds(redis, all, past);
  const told = new Map<string, Told>();
  for (const { base } of all) {
    const since = past.get(base);
    if (since === undefined) continue;
    const [newest, before] = await ask(redis, [
      ["XREVRANGE", `${base}:events`, "+", nextId(since), "COUNT", MOST],
      ["XRANGE", `${base}:events`, since, since],
    ]);
    const entries = Array.isArray(newest) ? newest : [];
    const isWhole =
      entries.length < MOST && (since === START || (Array.isArray(before) && before.length > 0));
    const counted = countIn(entries, isWhole ? 1 : shareOf(entries, since));
    told.set(base, entries.length === 0 && since === START ? { ...counted, begun: null } : counted);
  }
  return told;
}

async function noteEnds(redis: RedisHands, all: readonly Parts[], past: Past): Promise<Map<string, Told>> {
  const ends = await askEach(redis, all, ({ base }) => [
    ["XREVRANGE", `${base}:events`, "+", "-", "COUNT", 1],
  ]);
  return new Map(
    ends.map(([{ base }, [reply]]) => {
      const [entry] = Array.isArray(reply) ? reply : [];
      past.set(base, Array.isArray(entry) ? String(entry[0]) : START);
      return [base, { added: 0, done: 0, failing: 0, begun: 0, givenBack: new Map() }] as const;
    }),
  );
}

/** Where a stream begins. */
const START = "0-0";
const msOf = (id: unknown): number => Number(String(id).split("-", 1)[0]);

/** How many times longer the look was than what these (newest first) are of. */
function shareOf(entries: readonly unknown[], since: string): number {
  const [last, first] = [entries[0], entries.at(-1)].map((entry) =>
    Array.isArray(entry) ? msOf(entry[0]) : 0,
  );
  return Math.max(1, ((last ?? 0) - msOf(since)) / Math.max(1, (last ?? 0) - (first ?? 0)));
}

/** Exclusive ranges (`(`) are of 6.2; an id one higher is of any version. */
function nextId(id: string): string {
  const [ms = "0", n = "0"] = id.split("-");
  return `${ms}-${BigInt(n) + 1n}`;
}

function countIn(entries: readonly unknown[], times: number): Told {
  const counts = new Map<string, number>();
  const givenBack = new Map<string, number>();
  for (const entry of entries) {
    const words = Array.isArray(entry) ? textsOf(entry[1]) : [];
    const field = (name: string) =>
      words[words.findIndex((word, at) => at % 2 === 0 && word === name) + 1] ?? "";
    const [event, id, prev] = [field("event"), field("jobId"), words.includes("prev") ? field("prev") : ""];
    counts.set(event, (counts.get(event) ?? 0) + 1);
    if (event === "waiting" && prev === "active") givenBack.set(id, (givenBack.get(id) ?? 0) + 1);
  }
  const whole = (event: string) => Math.round((counts.get(event) ?? 0) * times);
  return {
    ...{ added: whole("added"), done: whole("completed"), failing: whole("failed") },
    ...{ begun: whole("active"), givenBack },
  };
}
