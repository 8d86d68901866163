import { z } from "zod";
import { type ActionContext, actionsOn } from "../../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import { waitFor } from "../../../lib/wait.ts";
import type { RabbitClient } from "../client.ts";

const MOST = 200;
const Stats = z.object({
  publish: z.number().optional(),
  ack: z.number().optional(),
  deliver_no_ack: z.number().optional(),
  get_no_ack: z.number().optional(),
  deliver_get: z.number().optional(),
  redeliver: z.number().optional(),
});
const Raw = z.object({
  name: z.string(),
  vhost: z.string(),
  type: z.string().default("classic"),
  state: z.string().default("unknown"),
  consumers: z.number().default(0),
  messages_ready: z.number().default(0),
  messages_unacknowledged: z.number().default(0),
  arguments: z.record(z.string(), z.unknown()).default({}),
  effective_policy_definition: z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]).nullish(),
  message_stats: Stats.optional(),
});
type Raw = z.output<typeof Raw>;
const Page = z.object({ items: z.array(Raw), filtered_count: z.number() });
const Overview = z.object({ disable_stats: z.boolean().default(false) });

/** Null: not measured, which is not 0. */
const counted = z.number().nullable();
export const RabbitQueue = z.object({
  vhost: z.string(),
  name: z.string(),
  type: z.string(),
  state: z.string(),
  ready: z.number(),
  unacked: z.number(),
  consumers: z.number(),
  /** Of the time between the two looks. `done`: acknowledged, or delivered without a need to. */
  published: counted,
  delivered: counted,
  done: counted,
  redelivered: counted,
  /** Change of ready messages, and of those that consumers hold. */
  grown: z.number(),
  grownHeld: z.number().optional(),
  /** Messages end in it after a time and go on, and nobody ever took one: it holds them back on purpose. */
  delays: z.boolean(),
  /** Rejected messages of others come here. */
  takesDead: z.boolean(),
});
export type RabbitQueue = z.output<typeof RabbitQueue>;

/**
 * The largest queues with what happened in them between two looks: counters since the queue began say nothing about now (trap
 * first-sample). Statistics are at most 5 s old; the default of 6 s has two of them. Without statistics (`disable_stats`) rates are null.
 */
export const queues = actionsOn<RabbitClient>("rabbitmq").read({
  name: "rabbitmq.queues",
  title: "Queues of RabbitMQ, and what happens in them now",
  timeoutSeconds: 25,
  input: z.object({ seconds: z.number().min(1).max(15).default(6) }),
  output: z.object({
    seconds: z.number(),
    total: z.number(),
    queues: z.array(RabbitQueue).max(MOST),
    notSeen,
  }),
  run: async (client, { seconds }, context) => {
    const { disable_stats: withoutStats } = Overview.parse(await client.get("overview", context));
    const first = await look(client, context);
    const begun = performance.now();
    await waitFor(seconds * 1000, context.signal);
    const second = await look(client, context);
    const unseen: NotSeen[] = [];
    if (withoutStats)
      unseen.push({
        what: "what happens in queues now",
        why: "the broker keeps no statistics",
        fix: "management_agent.disable_metrics_collector = false",
      });
    if (second.filtered_count > second.items.length)
      unseen.push({
        what: `${second.filtered_count - second.items.length} smaller queues`,
        why: `only the ${MOST} largest are looked at`,
      });
    const before = new Map(first.items.map((one) => [keyOf(one), one]));
    const dead = deadIn(second.items);
    return {
      seconds: (performance.now() - begun) / 1000,
      total: second.filtered_count,
      queues: second.items.map((one) => queueOf(one, before.get(keyOf(one)), dead, withoutStats)),
      notSeen: unseen,
    };
  },
});

const keyOf = ({ vhost, name }: Pick<Raw, "vhost" | "name">): string => JSON.stringify([vhost, name]);

async function look(client: RabbitClient, context: ActionContext): Promise<z.output<typeof Page>> {
  const where = client.vhost === undefined ? "" : `/${encodeURIComponent(client.vhost)}`;
  const page = `page=1&page_size=${MOST}&pagination=true&sort=messages&sort_reverse=true`;
  return Page.parse(await client.get(`queues${where}?${page}`, context));
}

function queueOf(
  now: Raw,
  before: Raw | undefined,
  dead: ReadonlySet<string>,
  withoutStats: boolean,
): RabbitQueue {
  const since = (name: keyof z.output<typeof Stats>): number | null =>
    before === undefined || withoutStats
      ? null
      : risen(before.message_stats?.[name] ?? 0, now.message_stats?.[name] ?? 0);
  const { name, vhost, type, state, consumers } = now;
  return {
    ...{ vhost, name, type, state, consumers },
    ready: now.messages_ready,
    unacked: now.messages_unacknowledged,
    published: since("publish"),
    delivered: since("deliver_get"),
    done: sum([since("ack"), since("deliver_no_ack"), since("get_no_ack")]),
    redelivered: since("redeliver"),
    grown: before === undefined ? 0 : now.messages_ready - before.messages_ready,
    // One that messages were ever taken from is a queue of work whose letters expire, and no delay.
    delays:
      hasSetting(now, "message-ttl") &&
      hasSetting(now, "dead-letter-exchange") &&
      (now.message_stats?.deliver_get ?? 0) === 0,
    grownHeld: before === undefined ? 0 : now.messages_unacknowledged - before.messages_unacknowledged,
    takesDead: dead.has(keyOf(now)) || /(^|[._-])(dlq|dlx|dead[._-]?letters?)([._-]|$)/i.test(name),
  };
}

/** A counter that fell began anew: what it stood at before is not known. */
const risen = (before: number, now: number): number | null => (now < before ? null : now - before);
const sum = (parts: readonly (number | null)[]): number | null =>
  parts.reduce<number | null>((all, part) => (all === null || part === null ? null : all + part), 0);

const settingOf = ({ arguments: own, effective_policy_definition: policy }: Raw, name: string): unknown =>
  own[`x-${name}`] ?? (Array.isArray(policy) ? undefined : policy?.[name]);
const hasSetting = (queue: Raw, name: string): boolean => settingOf(queue, name) !== undefined;

/** Queues that dead letters of others go to by the default exchange; by other exchanges only their name tells. */
const deadIn = (all: readonly Raw[]): ReadonlySet<string> =>
  new Set(
    all.flatMap((queue) => {
      const to = settingOf(queue, "dead-letter-routing-key");
      const isDirect = settingOf(queue, "dead-letter-exchange") === "";
      return isDirect && typeof to === "string" ? [keyOf({ vhost: queue.vhost, name: to })] : [];
    }),
  );
