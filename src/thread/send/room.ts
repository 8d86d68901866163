import type { Principal } from "../../core/policy.ts";
import type { MessageStore, Reader } from "../../core/ports.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Budgets } from "./budgets.ts";
import type { Identity } from "./find.ts";
import type { Gate } from "./gate.ts";
import type { SlackCalls } from "./slack-calls.ts";

/** What the sender tells the outside about itself. Every member may be left out. */
export interface SenderMetrics {
  /** A call of Slack ended: `ok`, `rate_limited`, `refused`, `ambiguous` (it may have happened) or `failed` (never sent). */
  called?(method: string, result: string): void;
  /** Threads whose rows changed since they were drawn, and for how long the oldest waits; 0: none. */
  waiting?(threads: number, oldestSeconds: number): void;
  /** A thread shows everything; seconds since the first change it had not shown. */
  caughtUp?(seconds: number): void;
}

/** What everything in this folder works with. */
export interface Room {
  readonly messages: MessageStore;
  readonly reader: Reader;
  readonly people: () => readonly Principal[];
  readonly slack: SlackCalls;
  readonly identity: Identity;
  readonly gate: Gate;
  readonly budgets: Budgets;
  readonly logger: Logger;
  readonly metrics: SenderMetrics;
  /** The clock people read. */
  readonly now: () => Date;
  /** The clock waits are measured with; never jumps. Milliseconds. */
  readonly ticks: () => number;
}
