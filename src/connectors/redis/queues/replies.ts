import type { DiagError } from "../../../core/words/errors.ts";
import type { RedisHands } from "../client.ts";
import { toRedisError } from "../errors.ts";

export type Command = readonly [string, ...(string | number)[]];

/** Another node has it, or the key is of another type than the layout's: it is not ours to look at. */
const isElsewhere = (error: DiagError): boolean =>
  ["MOVED", "ASK", "CROSSSLOT", "WRONGTYPE", "CLUSTERDOWN"].includes(error.detail ?? "");

/** Replies in order; null for what another node has or is of another type. Throws the first other refusal. */
export async function ask(redis: RedisHands, commands: readonly Command[]): Promise<unknown[]> {
  if (commands.length === 0) return [];
  const replies = await redis.all(commands);
  return replies.map((reply) => {
    if (!(reply instanceof Error)) return reply;
    const error = toRedisError(reply);
    if (isElsewhere(error)) return null;
    throw error;
  });
}

/** As `ask`, the same number of commands for each of the items: an array of replies per item. */
export async function askEach<T>(
  redis: RedisHands,
  items: readonly T[],
  commandsOf: (item: T) => readonly Command[],
): Promise<(readonly [item: T, replies: unknown[]])[]> {
  const commands = items.map(commandsOf);
  const replies = await ask(redis, commands.flat());
  let at = 0;
  return items.map((item, index) => {
    const size = commands[index]?.length ?? 0;
    at += size;
    return [item, replies.slice(at - size, at)] as const;
  });
}

export const numberOf = (reply: unknown): number => (typeof reply === "number" ? reply : 0);
export const textsOf = (reply: unknown): string[] => (Array.isArray(reply) ? reply.map(String) : []);
/** A number in a text; null where there is none. */
export const numberIn = (reply: unknown): number | null => {
  const value = typeof reply === "string" && reply !== "" ? Number(reply) : Number.NaN;
  return Number.isFinite(value) ? value : null;
};
/** Members and scores, as WITHSCORES answers. */
export const scoredOf = (reply: unknown): { member: string; score: number }[] =>
  textsOf(reply).flatMap((member, at, all) => (at % 2 === 0 ? [{ member, score: Number(all[at + 1]) }] : []));

/** One line of foreign text, bounded. */
export const lineOf = (text: unknown, most = 200): string =>
  typeof text === "string" ? (text.slice(0, 2_000).split(/[\r\n]/, 1)[0] ?? "").trim().slice(0, most) : "";

/** A JSON object; undefined where it is none or too long to be looked at. */
export function objectIn(text: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof text !== "string" || text.length > 1_048_576) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Seconds from that moment (ms) to now; null where it is not said, 0 where it is in the future. */
export const secondsSince = (atMs: number | null, nowMs: number): number | null =>
  atMs === null ? null : Math.max(0, (nowMs - atMs) / 1000);

/** The middle of them; null of none. */
export function middle(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
/** The largest of those that are said. */
export const largest = (values: readonly (number | null)[]): number | null =>
  values.reduce((most, one) => (one !== null && (most === null || one > most) ? one : most), null);

/** How late a job is that nobody has put where it is taken from. Sidekiq's poller alone may take its time. */
export const GRACE_MS = 60_000;
