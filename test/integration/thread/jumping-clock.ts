import type { Clock } from "../../../src/thread/send/clock.ts";

export const SECOND = 1_000;
/** Midnight of some day: where the clock of the local Slack begins. */
export const BEGIN = Date.parse("2026-11-22T00:00:00Z");

/** Stands still while anything is under way and jumps over every wait: waits cost nothing, and work takes no time. */
export class JumpingClock implements Clock {
  private now = 0;
  private planned: { at: number; act: () => Promise<void> }[] = [];

  ticks(): number {
    return this.now;
  }

  /** Something happens in the world at that time. */
  at(ms: number, act: () => Promise<void>): void {
    this.planned.push({ at: ms, act });
  }

  async wait(ms: number, signal: AbortSignal, underWay: number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted) return;
    if (underWay > 0) return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
    const end = this.now + ms;
    const due = this.planned.filter(({ at }) => at <= end);
    this.planned = this.planned.filter(({ at }) => at > end);
    for (const { act } of due) await act();
    this.now = end;
  }
}
