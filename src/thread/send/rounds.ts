import type { ChangedThread } from "../../core/ports/ports.ts";
import { waitFor } from "../../lib/wait.ts";
import { advance, type Turn } from "./advance.ts";
import { type Errand, newErrand } from "./errand.ts";
import type { Lane } from "./gate.ts";
import { inspect } from "./inspect.ts";
import { classOf, compareTurns, type Standing } from "./order.ts";
import type { Room } from "./room.ts";

/** Threads that are asked for at once; more than anybody could be shown in hours. */
const MOST_LISTED = 10_000;
/** Threads that are taken up at once; the others wait until these are shown. */
const MOST_ERRANDS = 1_000;
/** Threads that are drawn or sent at once. */
const MOST_BUSY = 6;
/** Least time between two questions to the table, however often we are woken, and how much more for each thread. */
const LEAST_POLL_MS = 50;
const LEAST_POLL_PER_THREAD_MS = 0.5;
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
    const least = LEAST_POLL_MS + this.errands.size * LEAST_POLL_PER_THREAD_MS;
    this.pollAt = Math.min(this.pollAt, this.polledAt + least);
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
      const underWay = this.underWay.size + (this.inspecting === undefined ? 0 : 1);
      await this.room.clock.wait(Math.min(pause, this.room.budgets.pollMs), this.woken.signal, underWay);
    }
  }

  private async poll(): Promise<void> {
    const { messages, budgets, logger, metrics, ticks } = this.room;
    this.polledAt = ticks();
    this.pollAt = this.polledAt + budgets.pollMs;
    try {
      const dirty = await messages.dirty(MOST_LISTED);
      const standing = dirty.map((row) => ({ ...row, step: this.errands.get(row.thread)?.step ?? "root" }));
      for (const row of standing.sort(this.byTurn()).slice(0, MOST_ERRANDS)) this.note(row);
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
        this.nudge();
      });
  }

  private note(row: ChangedThread): void {
    const { thread, rev, urgent, since, asked, critical, open } = row;
    const known = this.errands.get(thread);
    if (known === undefined) {
      this.errands.set(thread, newErrand(row));
      return;
    }
    if (known.rev === rev) return;
    const isRaised = urgent && !known.urgent;
    Object.assign(known, { rev, since, asked, critical, open, urgent: urgent || known.urgent });
    if (known.lane !== undefined && known.step === "root" && !isRaised) return;
    // Something new: the old reason to wait may be gone. A busy drawing is done again afterwards.
    known.lane = undefined;
    known.at = urgent ? 0 : known.lookedAt + this.lookInterval(known);
  }

  /** The more threads change, the less often each is drawn: the database has other work. Not so for who waits for an answer. */
  private lookInterval(errand: Errand): number {
    const { lookIntervalMs } = this.room.budgets;
    return this.isAnswer(errand) ? lookIntervalMs : Math.max(lookIntervalMs, this.errands.size * 25);
  }

  private isAnswer(errand: Errand): boolean {
    return classOf(errand, this.room.now()) === 0;
  }

  private byTurn(): (a: Standing, b: Standing) => number {
    const now = this.room.now();
    return (a, b) => compareTurns(a, b, now);
  }

  private begin(): void {
    const now = this.room.ticks();
    const due = [...this.errands.values()]
      .filter((errand) => !errand.busy && errand.at <= now)
      .sort(this.byTurn());
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
      else if (errand.rev !== rev)
        errand.at = errand.lookedAt + (errand.urgent ? 0 : this.lookInterval(errand));
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
    const byTurn = this.byTurn();
    // A thread at work on something else does not hold up changes of messages; the channel's turn to post it keeps.
    const isInLine = (other: Errand, lane: Lane) =>
      other !== errand &&
      other.lane === lane &&
      other.at <= this.room.ticks() &&
      !(lane === "update" && other.busy);
    const isBefore = (other: Errand, lane: Lane) => isInLine(other, lane) && byTurn(other, errand) < 0;
    return {
      active,
      isAnswer: this.isAnswer(errand),
      mayGo: (lane) => ![...this.errands.values()].some((other) => isBefore(other, lane)),
    };
  }

  private nextTurn(): number {
    let next = Number.POSITIVE_INFINITY;
    if (this.underWay.size >= MOST_BUSY) return next;
    const now = this.room.ticks();
    for (const { busy, at } of this.errands.values()) if (!busy && at > now) next = Math.min(next, at);
    return next;
  }
}
