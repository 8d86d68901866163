import type { ChangedThread } from "../../core/ports/message-store.ts";
import type { StormRow } from "../../core/ports/storm-store.ts";
import { foldsOf, type OpenStorm } from "../../core/rules/fold.ts";
import type { ThreadId } from "../../core/words/ids.ts";
import type { SenderDeps } from "./deps.ts";

/** Lines of one message: each is 300 characters at most, and Slack refuses a message of about 13,000. */
const LINES = 40;

type Deps = Pick<SenderDeps, "messages" | "budgets" | "ticks" | "logger">;

/**
 * Folds alert groups that come faster than their channel can show them, tells the storms what changed of those that are
 * folded, and gives those a thread of their own that need one. Losing what it remembers costs a few messages, nothing else.
 */
export class Folding {
  private readonly deps: Deps;
  /** Per channel: when how many groups were folded; ticks. */
  private readonly folded = new Map<string, { at: number; groups: number }[]>();

  constructor(deps: Deps) {
    this.deps = deps;
  }

  /**
   * Of the changed threads those that are to be drawn by themselves. `isPosting`: a message of this thread waits for the
   * channel. Throws what the store throws.
   */
  async settle(
    changed: readonly ChangedThread[],
    isPosting: (thread: ThreadId) => boolean,
  ): Promise<readonly ChangedThread[]> {
    const unfolded = await this.settleFolded(changed.filter((row) => row.folded !== undefined));
    const rest = changed.filter((row) => row.folded === undefined || unfolded.has(row.thread));
    const unseen = rest.filter((row) => row.unseen);
    if (unseen.length === 0) return rest;
    const storms = await this.deps.messages.storms();
    const aside = new Set<ThreadId>();
    for (const [channel, rows] of byChannel(unseen)) {
      const storm = storms.find((one) => one.channel === channel);
      const folds = foldsOf(rows, storm && this.stateOf(storm, isPosting), this.deps.budgets);
      if (folds.fold.length > 0) await this.fold(channel, folds.fold);
      for (const thread of [...folds.fold, ...folds.hold]) aside.add(thread);
    }
    return rest.filter(({ thread }) => !aside.has(thread));
  }

  /** Threads of these that are shown by themselves now; of the others their storms have heard. */
  private async settleFolded(rows: readonly ChangedThread[]): Promise<ReadonlySet<ThreadId>> {
    const { messages } = this.deps;
    const unfolded = new Set<ThreadId>();
    for (const { thread, folded } of rows)
      if (folded?.unfold !== undefined && (await messages.unfold(thread, folded.unfold)))
        unfolded.add(thread);
    const changed = rows.filter(({ thread }) => !unfolded.has(thread));
    if (changed.length > 0) await messages.tellStorms(changed);
    return unfolded;
  }

  private async fold(channel: string, threads: readonly ThreadId[]): Promise<void> {
    const { messages, ticks, logger } = this.deps;
    await messages.fold(channel, threads, LINES);
    this.folded.set(channel, [...this.recentOf(channel), { at: ticks(), groups: threads.length }]);
    logger.info({ channel, groups: threads.length }, "alert groups are shown in the thread of a storm");
  }

  private stateOf({ thread, channel, ageMs }: StormRow, isPosting: (thread: ThreadId) => boolean): OpenStorm {
    const folds = this.recentOf(channel);
    return {
      ageMs,
      quietMs: this.deps.ticks() - (folds.at(-1)?.at ?? -Infinity),
      recently: folds.reduce((sum, { groups }) => sum + groups, 0),
      isPosting: isPosting(thread),
    };
  }

  private recentOf(channel: string): { at: number; groups: number }[] {
    const { ticks, budgets } = this.deps;
    return (this.folded.get(channel) ?? []).filter(({ at }) => at > ticks() - budgets.ragesMs);
  }
}

function byChannel(rows: readonly ChangedThread[]): Map<string, ChangedThread[]> {
  const channels = new Map<string, ChangedThread[]>();
  for (const row of rows) channels.set(row.channel, [...(channels.get(row.channel) ?? []), row]);
  return channels;
}
