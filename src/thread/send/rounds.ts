import { waitFor } from "../../lib/wait.ts";
import { advance, type Turn } from "./advance.ts";
import { byTurn, type Errand, newErrand } from "./errand.ts";
import type { Lane } from "./gate.ts";
import { inspect } from "./inspect.ts";
import type { Room } from "./room.ts";

/** Threads that are remembered at once; more wait in the table. */
const MOST_ERRANDS = 1_000;
/** Threads that are drawn or sent at once. */
const MOST_BUSY = 6;
/** Least time between two questions to the table, however often we are woken. */
const LEAST_POLL_MS = 50;
const LONGEST_RETRY_MS = 60_000;

/** The sender's loop: asks which threads changed and lets each go on when its turn has come. */
export class Rounds {
  private readonly room: Room;
  private readonly errands = new Map<number, Errand>();
  private readonly underWay = new Set<Promise<void>>();
  private running = false;
  private ended: Promise<void> = Promise.resolve();
  private pollAt = 0;
  private polledAt = -Infinity;
  private inspectAt = 0;
  private inspecting: Promise<void> | undefined;
  private woken = new AbortController();

  constructor(room: Room) {
    this.room = room;
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.pollAt = 0;
    this.inspectAt = 0;
    this.ended = this.loop();
  }

  wake(): void {
    this.pollAt = Math.min(this.pollAt, this.polledAt + LEAST_POLL_MS);
    this.nudge();
  }

  async stop(graceMs: number): Promise<void> {
    this.running = false;
    this.nudge();
    const over = new AbortController();
    const finished = this.ended.then(() => Promise.all([...this.underWay, this.inspecting]));
    await Promise.race([finished, waitFor(graceMs, over.signal)]);
    over.abort();
    this.errands.clear();
  }

  private nudge(): void {
    this.woken.abort();
  }

  private async loop(): Promise<void> {
    while (this.running) {
      this.woken = new AbortController();
      if (this.room.ticks() >= this.pollAt) await this.poll();
      if (!this.running) return;
      this.inspect();
      this.begin();
      const pause = Math.max(1, Math.min(this.nextTurn(), this.pollAt) - this.room.ticks());
      await waitFor(Math.min(pause, this.room.budgets.pollMs), this.woken.signal);
    }
  }

  private async poll(): Promise<void> {
    const { messages, budgets, logger, metrics, ticks } = this.room;
    this.polledAt = ticks();
    this.pollAt = this.polledAt + budgets.pollMs;
    try {
      const dirty = await messages.dirty(MOST_ERRANDS);
      for (const { thread, rev, urgent, since } of dirty) this.note(thread, rev, urgent, since);
      const { threads, oldestSeconds } = await messages.backlog();
      metrics.waiting?.(threads, oldestSeconds);
    } catch (error) {
      logger.warn({ err: error }, "cannot ask which threads changed");
    }
  }

  private inspect(): void {
    const { budgets, logger, ticks } = this.room;
    if (this.inspecting !== undefined || ticks() < this.inspectAt) return;
    this.inspectAt = ticks() + budgets.inspectMs;
    this.inspecting = inspect(this.room)
      .catch((error: unknown) => logger.warn({ err: error }, "the channels could not be looked at"))
      .finally(() => {
        this.inspecting = undefined;
      });
  }

  private note(thread: Errand["thread"], rev: number, urgent: boolean, since: Date): void {
    const known = this.errands.get(thread);
    if (known === undefined) {
      this.errands.set(thread, newErrand(thread, rev, urgent, since));
      return;
    }
    if (known.rev === rev) return;
    known.rev = rev;
    known.since = since;
    const isRaised = urgent && !known.urgent;
    if (urgent) known.urgent = true;
    if (known.lane !== undefined && known.rootless && !isRaised) return;
    // Something new: the old reason to wait may be gone. A busy drawing is done again afterwards.
    known.lane = undefined;
    known.at = urgent ? 0 : known.lookedAt + this.lookInterval();
  }

  /** The more threads change, the less often each is drawn: the database has other work. */
  private lookInterval(): number {
    return Math.max(this.room.budgets.lookIntervalMs, this.errands.size * 25);
  }

  private begin(): void {
    const now = this.room.ticks();
    const due = [...this.errands.values()].filter((errand) => !errand.busy && errand.at <= now).sort(byTurn);
    const taken = new Set([...this.errands.values()].flatMap((errand) => (errand.busy ? [errand.lane] : [])));
    for (const errand of due) {
      if (this.underWay.size >= MOST_BUSY) return;
      if (errand.lane !== undefined) {
        // One at a time per lane: the next one would only draw to find the turn taken.
        if (taken.has(errand.lane)) continue;
        const remaining = errand.remaining();
        if (remaining > 0) {
          errand.at = now + remaining;
          continue;
        }
        taken.add(errand.lane);
      }
      this.run(errand);
    }
  }

  private run(errand: Errand): void {
    errand.busy = true;
    const work = this.step(errand).finally(() => {
      errand.busy = false;
      this.underWay.delete(work);
      this.nudge();
    });
    this.underWay.add(work);
  }

  private async step(errand: Errand): Promise<void> {
    const { rev } = errand;
    try {
      const isDone = await advance(this.room, errand, this.turnOf(errand));
      errand.failures = 0;
      if (isDone) this.finish(errand);
      else if (errand.rev !== rev) errand.at = errand.lookedAt + (errand.urgent ? 0 : this.lookInterval());
    } catch (error) {
      errand.failures += 1;
      errand.lane = undefined;
      errand.at = this.room.ticks() + Math.min(LONGEST_RETRY_MS, 250 * 2 ** errand.failures);
      this.room.logger.warn(
        { err: error, thread: errand.thread },
        "a thread could not be brought up to date",
      );
    }
  }

  private finish(errand: Errand): void {
    this.errands.delete(errand.thread);
    this.room.metrics.caughtUp?.((this.room.now().getTime() - errand.since.getTime()) / 1000);
  }

  private turnOf(errand: Errand): Turn {
    const active = [...this.errands.values()].filter((other) => other.live).length;
    const isBefore = (other: Errand, lane: Lane) =>
      other !== errand && other.lane === lane && other.at <= this.room.ticks() && byTurn(other, errand) < 0;
    return { active, mayGo: (lane) => ![...this.errands.values()].some((other) => isBefore(other, lane)) };
  }

  private nextTurn(): number {
    let next = Number.POSITIVE_INFINITY;
    if (this.underWay.size >= MOST_BUSY) return next;
    const now = this.room.ticks();
    for (const { busy, at } of this.errands.values()) if (!busy && at > now) next = Math.min(next, at);
    return next;
  }
}
