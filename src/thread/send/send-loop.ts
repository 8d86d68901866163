import type { ChangedThread } from "../../core/ports/message-store.ts";
import type { ThreadId } from "../../core/words/ids.ts";
import { waitFor } from "../../lib/wait.ts";
import { advance, type Turn } from "./advance.ts";
import type { SenderDeps } from "./deps.ts";
import { Folding } from "./folding.ts";
import type { Lane } from "./gate.ts";
import { inspect } from "./inspect.ts";
import { compareTurns, firstOfEach, isAnswer, type Standing } from "./order.ts";
import { newPending, type PendingThread } from "./pending-thread.ts";

/** Threads that are asked for at once; more than anybody could be shown in hours. */
const MOST_LISTED = 10_000;
/** Threads that are taken up at once, of all channels and of one; the others wait until these are shown. */
const PENDING = { most: 1_000, mostOfChannel: 300 };
/** Threads that are drawn or sent at once. */
const MOST_BUSY = 6;
/** Least time between two questions to the table, however often we are woken, and how much more for each thread. */
const LEAST_POLL_MS = 50;
const LEAST_POLL_PER_THREAD_MS = 0.5;
const LONGEST_RETRY_MS = 60_000;

/** The sender's loop: asks which threads changed and lets each go on when its turn has come. */
export class SendLoop {
  private readonly deps: SenderDeps;
  private readonly folding: Folding;
  private readonly threads = new Map<number, PendingThread>();
  private readonly underWay = new Set<Promise<void>>();
  private running = false;
  private ended: Promise<void> = Promise.resolve();
  private pollAt = 0;
  private polledAt = -Infinity;
  private inspectAt = 0;
  /** Threads that are not shown as they are; undefined: not asked yet. */
  private waiting: number | undefined;
  private inspecting: Promise<void> | undefined;
  private woken = new AbortController();

  constructor(deps: SenderDeps) {
    this.deps = deps;
    this.folding = new Folding(deps);
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.pollAt = 0;
    this.inspectAt = 0;
    this.ended = this.loop();
  }

  wake(): void {
    const least = LEAST_POLL_MS + this.threads.size * LEAST_POLL_PER_THREAD_MS;
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
    this.threads.clear();
  }

  private nudge(): void {
    this.woken.abort();
  }

  private async loop(): Promise<void> {
    while (this.running) {
      this.woken = new AbortController();
      if (this.deps.ticks() >= this.pollAt) await this.poll();
      if (!this.running) return;
      this.inspect();
      this.begin();
      const pause = Math.max(1, Math.min(this.nextTurn(), this.pollAt) - this.deps.ticks());
      const underWay = this.underWay.size + (this.inspecting === undefined ? 0 : 1);
      await this.deps.clock.wait(Math.min(pause, this.deps.budgets.pollMs), this.woken.signal, underWay);
    }
  }

  private async poll(): Promise<void> {
    const { messages, budgets, logger, ticks } = this.deps;
    this.polledAt = ticks();
    this.pollAt = this.polledAt + budgets.pollMs;
    try {
      const dirty = await messages.dirty(MOST_LISTED);
      const drawn = await this.folding.settle(dirty, (thread) => this.isPosting(thread));
      this.forgetFolded(dirty, drawn);
      const standing = drawn.map((row) => ({ ...row, step: this.threads.get(row.thread)?.step ?? "root" }));
      for (const row of firstOfEach(standing.sort(this.byTurn()), PENDING)) this.note(row);
      await this.tellBacklog(dirty.length > 0);
    } catch (error) {
      logger.warn({ err: error }, "cannot ask which threads changed");
    }
  }

  /** Nothing can begin to wait without having been due: at rest one question is enough. */
  private async tellBacklog(isDue: boolean): Promise<void> {
    if (!isDue && this.waiting === 0) return;
    const { threads, oldestSeconds } = await this.deps.messages.backlog();
    this.waiting = threads;
    this.deps.metrics.waiting?.(threads, oldestSeconds);
  }

  /** What a storm shows waits for no turn of its own. */
  private forgetFolded(dirty: readonly ChangedThread[], drawn: readonly ChangedThread[]): void {
    const kept = new Set(drawn.map(({ thread }) => thread));
    for (const { thread } of dirty)
      if (!kept.has(thread) && this.threads.get(thread)?.busy === false) this.threads.delete(thread);
  }

  private isPosting(thread: ThreadId): boolean {
    const pending = this.threads.get(thread);
    return pending !== undefined && (pending.busy || pending.lane?.startsWith("post:") === true);
  }

  private inspect(): void {
    const { budgets, logger, ticks } = this.deps;
    if (this.inspecting !== undefined || ticks() < this.inspectAt) return;
    this.inspectAt = ticks() + budgets.inspectMs;
    this.inspecting = inspect(this.deps)
      .catch((error: unknown) => logger.warn({ err: error }, "the channels could not be looked at"))
      .finally(() => {
        this.inspecting = undefined;
        this.nudge();
      });
  }

  private note(row: ChangedThread): void {
    const { thread, channel, rev, urgent, since, asked, critical, open } = row;
    const known = this.threads.get(thread);
    if (known === undefined) {
      this.threads.set(thread, newPending(row));
      return;
    }
    if (known.rev === rev) return;
    const isRaised = urgent && !known.urgent;
    Object.assign(known, { channel, rev, since, asked, critical, open, urgent: urgent || known.urgent });
    if (known.lane !== undefined && known.step === "root" && !isRaised) return;
    // Something new: the old reason to wait may be gone. A busy drawing is done again afterwards.
    known.lane = undefined;
    known.at = urgent ? 0 : known.lookedAt + this.lookInterval(known);
  }

  /** The more threads change, the less often each is drawn: the database has other work. Not so for who waits for an answer. */
  private lookInterval(pending: PendingThread): number {
    const { lookIntervalMs } = this.deps.budgets;
    return this.isAnswer(pending) ? lookIntervalMs : Math.max(lookIntervalMs, this.threads.size * 25);
  }

  private isAnswer(pending: PendingThread): boolean {
    return isAnswer(pending, this.deps.now());
  }

  private byTurn(): (a: Standing, b: Standing) => number {
    const { gate } = this.deps;
    const turns = { now: this.deps.now(), lastServed: (channel: string) => gate.lastServed(channel) };
    return (a, b) => compareTurns(a, b, turns);
  }

  private begin(): void {
    const now = this.deps.ticks();
    const due = [...this.threads.values()]
      .filter((pending) => !pending.busy && pending.at <= now)
      .sort(this.byTurn());
    const taken = new Set(
      [...this.threads.values()].flatMap((pending) => (pending.busy ? [pending.lane] : [])),
    );
    for (const pending of due) {
      if (this.underWay.size >= MOST_BUSY) return;
      if (pending.lane !== undefined) {
        // One at a time per lane: the next one would only draw to find the turn taken.
        if (taken.has(pending.lane)) continue;
        const remaining = pending.remaining();
        if (remaining > 0) {
          pending.at = now + remaining;
          continue;
        }
        taken.add(pending.lane);
      }
      this.run(pending);
    }
  }

  private run(pending: PendingThread): void {
    pending.busy = true;
    const work = this.step(pending).finally(() => {
      pending.busy = false;
      this.underWay.delete(work);
      this.nudge();
    });
    this.underWay.add(work);
  }

  private async step(pending: PendingThread): Promise<void> {
    const { rev } = pending;
    try {
      const isDone = await advance(this.deps, pending, this.turnOf(pending));
      pending.failures = 0;
      if (isDone) this.finish(pending);
      else if (pending.rev !== rev)
        pending.at = pending.lookedAt + (pending.urgent ? 0 : this.lookInterval(pending));
    } catch (error) {
      pending.failures += 1;
      pending.lane = undefined;
      pending.at = this.deps.ticks() + Math.min(LONGEST_RETRY_MS, 250 * 2 ** pending.failures);
      this.deps.logger.warn(
        { err: error, thread: pending.thread },
        "a thread could not be brought up to date",
      );
    }
  }

  private finish(pending: PendingThread): void {
    this.threads.delete(pending.thread);
    this.deps.metrics.caughtUp?.((this.deps.now().getTime() - pending.since.getTime()) / 1000);
  }

  private turnOf(pending: PendingThread): Turn {
    const active = [...this.threads.values()].filter((other) => other.live).length;
    const byTurn = this.byTurn();
    // A thread at work on something else does not hold up changes of messages; the channel's turn to post it keeps.
    const isInLine = (other: PendingThread, lane: Lane) =>
      other !== pending &&
      other.lane === lane &&
      other.at <= this.deps.ticks() &&
      !(lane === "update" && other.busy);
    const isBefore = (other: PendingThread, lane: Lane) =>
      isInLine(other, lane) && byTurn(other, pending) < 0;
    return {
      active,
      isAnswer: this.isAnswer(pending),
      mayGo: (lane) => ![...this.threads.values()].some((other) => isBefore(other, lane)),
    };
  }

  private nextTurn(): number {
    let next = Number.POSITIVE_INFINITY;
    if (this.underWay.size >= MOST_BUSY) return next;
    const now = this.deps.ticks();
    for (const { busy, at } of this.threads.values()) if (!busy && at > now) next = Math.min(next, at);
    return next;
  }
}
