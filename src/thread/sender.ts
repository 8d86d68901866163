import type { Principal } from "../core/policy.ts";
import type { MessageStore, Reader } from "../core/ports.ts";
import type { Logger } from "../telemetry/logger.ts";
import { BUDGETS, type Budgets } from "./send/budgets.ts";
import { Identity } from "./send/find.ts";
import { Gate } from "./send/gate.ts";
import type { Room, SenderMetrics } from "./send/room.ts";
import { Rounds } from "./send/rounds.ts";
import { type AnswerKind, SlackCalls, type SlackOptions } from "./send/slack-calls.ts";

export type { Budgets } from "./send/budgets.ts";
export type { SenderMetrics } from "./send/room.ts";

export interface SenderOptions {
  readonly messages: MessageStore;
  readonly reader: Reader;
  /** People of diagbot.yaml, to name who may approve. */
  readonly people: readonly Principal[];
  readonly slack: SlackOptions;
  readonly logger: Logger;
  readonly metrics?: SenderMetrics;
  readonly budgets?: Partial<Budgets>;
  readonly now?: () => Date;
}

/** Makes Slack show what the rows say. One should run at a time; two do no harm beyond wasted calls. */
export interface Sender {
  start(): void;
  /** Something changed: look at once instead of at the next poll. */
  wake(): void;
  /** Begins nothing more and waits at most `graceMs` for calls under way; what is cut off is found again at the next start. */
  stop(graceMs: number): Promise<void>;
}

/** Words of the metric; what Slack refuses for different reasons is one word there, the log says which. */
const RESULTS: Readonly<Record<AnswerKind, string>> = {
  ok: "ok",
  limited: "rate_limited",
  ambiguous: "ambiguous",
  unsent: "failed",
  missing: "refused",
  place: "refused",
  content: "refused",
  access: "refused",
  fixed: "refused",
};

/** Renders charts on the event loop (about 90 ms each): start it in a process that serves no door. */
export function createSender(options: SenderOptions): Sender {
  const budgets = { ...BUDGETS, ...options.budgets };
  const metrics = options.metrics ?? {};
  const ticks = () => performance.now();
  const room: Room = {
    messages: options.messages,
    reader: options.reader,
    people: () => options.people,
    slack: new SlackCalls(options.slack, budgets.timeoutMs, (method, kind) =>
      metrics.called?.(method, RESULTS[kind]),
    ),
    identity: new Identity(),
    gate: new Gate(budgets, ticks),
    budgets,
    logger: options.logger,
    metrics,
    now: options.now ?? (() => new Date()),
    ticks,
  };
  return new Rounds(room);
}
