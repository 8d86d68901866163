import type { OutputOf, rabbitmq } from "../../src/sdk/index.ts";

type Queues = OutputOf<typeof rabbitmq.queues>;
export type Queue = Queues["queues"][number];

/** Why messages stand in a queue, as far as one look of some seconds tells. */
export type Backlog =
  /** Published into, and nobody takes. */
  | "no-consumer"
  /** Nobody takes, and nothing comes: a batch that comes later, or forgotten. */
  | "nobody-now"
  /** The same messages come back again and again, and none is done. */
  | "poisoned"
  /** Consumers hold messages, and acknowledge none. */
  | "unacknowledged"
  /** Consumers hold many more than they finish in a useful time. */
  | "hoarded"
  /** Consumers are there, hold none, and take none: paused, or hung. */
  | "idle-consumers"
  /** It is worked on, and more comes than is done. */
  | "growing"
  /** More is done than comes. */
  | "draining"
  /** Not measured: which of them is unknown. */
  | "unknown";

/** Redelivered so often within one look is no consumer that ended once. */
const AGAIN = 5;

/**
 * What holds a queue of at least `waiting` messages up; undefined: it has no backlog, or is one that holds messages on purpose (a
 * delay: they end in it after a time and go on) or takes dead letters, which nobody has to consume.
 */
export function backlogOf(queue: Queue, waiting: number, seconds: number): Backlog | undefined {
  const { ready, unacked, consumers, published, delivered, done, redelivered } = queue;
  // A poisoned message is enough: it keeps its consumer from all behind it.
  if (isPoisoned(queue)) return "poisoned";
  if (isMeant(queue)) return undefined;
  if (ready < waiting) return ofHeld(queue, waiting, seconds);
  if (published === null || done === null || delivered === null || redelivered === null) return "unknown";
  if (done > 0) return queue.grown + (queue.grownHeld ?? 0) > 0 ? "growing" : "draining";
  if (consumers === 0) return published > 0 ? "no-consumer" : "nobody-now";
  return unacked > 0 ? "unacknowledged" : delivered === 0 ? "idle-consumers" : "growing";
}

/**
 * Few wait, and consumers hold many (no prefetch, or a large one): held and none finished is the same cause as where they wait; more held
 * at each look is a backlog that stands in the consumers' memory. Otherwise they are being worked off.
 */
function ofHeld(
  { unacked, done, grown, grownHeld = 0 }: Queue,
  waiting: number,
  seconds: number,
): Backlog | undefined {
  if (unacked < waiting) return undefined;
  if (done === null) return "unknown";
  if (done === 0) return "unacknowledged";
  if (grown + grownHeld > 0) return "growing";
  return (unacked / done) * seconds > ACK_SECONDS ? "hoarded" : undefined;
}

/** consumer_timeout: the broker closes a channel whose message is not acknowledged within 30 minutes (3.8.17 and later). */
const ACK_SECONDS = 1_800;

/** It can be used by nobody. */
export const isOut = ({ state }: Pick<Queue, "state">): boolean => state in OUT;

/** What that is in words. */
export const OUT: Readonly<Record<string, string>> = {
  down: "the node it lives on is away",
  crashed: "it has crashed",
  stopped: "it was stopped",
  minority: "most of its members are away",
};

/** Nobody has to take what it holds back or keeps (what is read from a stream stays in it), and nobody can where it is out. */
const isMeant = ({ delays, takesDead, consumers, type, state }: Queue): boolean =>
  isOut({ state }) || type === "stream" || ((delays || takesDead) && consumers === 0);

const isPoisoned = ({ redelivered, delivered, done, ready, unacked }: Queue): boolean =>
  redelivered !== null &&
  delivered !== null &&
  redelivered >= AGAIN &&
  done === 0 &&
  redelivered * 2 >= delivered &&
  ready + unacked > 0;

/** Of those with that backlog, the largest first. */
export const withBacklog = (
  { queues, seconds }: Pick<Queues, "queues" | "seconds">,
  wanted: Backlog,
  waiting: number,
): Queue[] => queues.filter((queue) => backlogOf(queue, waiting, seconds) === wanted);
