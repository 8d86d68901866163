import type { Budgets } from "./budgets.ts";
import type { Served } from "./order.ts";

/** What a call has to wait for. `post:C1`: the channel's turn; `update`: the workspace's; `read`: looking in Slack. */
export type Lane = `post:${string}` | "update" | "read";

/** How urgent an update is; `live` shows progress and may be skipped. */
export type Rank = "urgent" | "normal" | "live";

const MINUTE = 60_000;
const LONGEST_BACKOFF = 30_000;

/** Slack's limits as times: how long until this may be sent. All times are of one monotonic clock. */
export class Gate {
  private readonly budgets: Budgets;
  private readonly now: () => number;
  private readonly channelOpens = new Map<string, number>();
  private readonly served = new Map<string, Served>();
  private readonly blocked = new Map<string, number>();
  private readonly lastUpdate = new Map<number, number>();
  private updates: number[] = [];
  private failures = 0;

  constructor(budgets: Budgets, now: () => number) {
    this.budgets = budgets;
    this.now = now;
  }

  /** Milliseconds until a post or upload may begin in the channel; 0: now. */
  untilPost(channel: string, method: string): number {
    return this.until(this.blocks("*", method, channel, "post"), this.channelOpens.get(channel) ?? 0);
  }

  /** Milliseconds until a message of the thread may be changed. `active`: threads that show progress. */
  untilUpdate(thread: number, channel: string, rank: Rank, active: number): number {
    const { updatesPerMinute, urgentReserve, progressIntervalMs } = this.budgets;
    const allowed = Math.max(1, rank === "urgent" ? updatesPerMinute : updatesPerMinute - urgentReserve);
    this.updates = this.updates.filter((at) => at > this.now() - MINUTE);
    const oldest = this.updates[this.updates.length - allowed];
    const window = oldest === undefined ? 0 : oldest + MINUTE;
    const interval = Math.max(progressIntervalMs, (active * MINUTE) / allowed);
    const progress = rank === "live" ? (this.lastUpdate.get(thread) ?? -interval) + interval : 0;
    return this.until(this.blocks("*", "chat.update", channel), window, progress);
  }

  /** Milliseconds until Slack may be asked. */
  untilRead(method: string): number {
    return this.until(this.blocks("*", method));
  }

  /** A post begins. */
  posting(channel: string, whom: Served): void {
    this.served.set(channel, whom);
    this.channelOpens.set(channel, this.now() + this.budgets.postIntervalMs);
  }

  /** Whom the last post in the channel was for. */
  lastServed(channel: string): Served | undefined {
    return this.served.get(channel);
  }

  /** An update begins. */
  updating(thread: number): void {
    this.updates.push(this.now());
    this.lastUpdate.set(thread, this.now());
    if (this.lastUpdate.size > 2_000) this.forgetOld();
  }

  /** Nothing of that name (method, channel, `post` or `*`) before `ms` have passed. */
  block(name: string, ms: number): void {
    this.blocked.set(name, Math.max(this.blocked.get(name) ?? 0, this.now() + ms));
  }

  /** Slack could not be reached or broke: after the third time in a row everything waits, longer each time. */
  failed(): void {
    this.failures += 1;
    if (this.failures >= 3) this.block("*", Math.min(LONGEST_BACKOFF, 250 * 2 ** (this.failures - 3)));
  }

  answered(): void {
    this.failures = 0;
  }

  private blocks(...names: readonly string[]): number {
    return names.reduce((latest, name) => Math.max(latest, this.blocked.get(name) ?? 0), 0);
  }

  private until(...times: readonly number[]): number {
    return Math.max(0, Math.ceil(Math.max(...times) - this.now()));
  }

  private forgetOld(): void {
    for (const [thread, at] of this.lastUpdate)
      if (at < this.now() - 10 * MINUTE) this.lastUpdate.delete(thread);
  }
}
