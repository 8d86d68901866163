import type { MessageStore } from "../../core/ports/message-store.ts";
import { isSeenOnlyByPosting, troubleOfChannel, troubleOfRefusal } from "../../core/rules/channel.ts";
import type { ChannelTrouble } from "../../core/words/channel.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Budgets } from "./budgets.ts";
import type { Failure } from "./classify.ts";
import type { SlackCalls } from "./slack-calls.ts";

/** What is known of a channel: that it takes messages, why not, or nothing that is fresh enough to go by. */
export type Known = "fine" | ChannelTrouble | undefined;

interface Deps {
  readonly slack: Pick<SlackCalls, "channel">;
  readonly messages: Pick<MessageStore, "troubles" | "trouble" | "mended">;
  readonly budgets: Pick<Budgets, "channelFreshMs">;
  readonly ticks: () => number;
  readonly logger: Logger;
}

/** Looks of one inspection; Slack allows about 50 in a minute, and messages need some of them. */
const MOST_LOOKS = 25;

/**
 * Which channels take messages: asked before the first message and again when the answer is old, since a channel can be
 * shared with another organisation at any time. Trouble is written down for health, metrics and the next sender.
 */
export class Channels {
  private readonly deps: Deps;
  private readonly answers = new Map<string, { known: "fine" | ChannelTrouble; at: number }>();
  private readonly asking = new Map<string, Promise<Failure | undefined>>();
  private written: Map<string, string> | undefined;

  constructor(deps: Deps) {
    this.deps = deps;
  }

  of(channel: string): Known {
    const answer = this.answers.get(channel);
    const isFresh = answer !== undefined && this.age(channel) < this.deps.budgets.channelFreshMs;
    return isFresh ? answer.known : undefined;
  }

  /** Asks Slack. Resolves to the failure when it did not say; then nothing new is known. Throws what the store throws. */
  look(channel: string): Promise<Failure | undefined> {
    const underWay = this.asking.get(channel);
    if (underWay !== undefined) return underWay;
    const work = this.ask(channel).finally(() => this.asking.delete(channel));
    this.asking.set(channel, work);
    return work;
  }

  /** Slack refused a message there. */
  refused(channel: string, why: string): Promise<void> {
    return this.note(channel, troubleOfRefusal(why) ?? "restricted");
  }

  /** A message went through: whatever was in the way is over. */
  async took(channel: string): Promise<void> {
    if (this.answers.get(channel)?.known !== "fine")
      this.answers.set(channel, { known: "fine", at: this.deps.ticks() });
    if (this.written?.has(channel) === true) await this.mended(channel);
  }

  /** Writes down that a message of the channel is held up, so that its trouble is not forgotten. */
  async holdsUp(channel: string): Promise<void> {
    const known = this.answers.get(channel)?.known;
    if (known !== undefined && known !== "fine") await this.deps.messages.trouble(channel, known);
  }

  /** Asks about the channels of the configuration, the longest unasked first, so that trouble shows before a message. */
  async inspect(configured: readonly string[]): Promise<Failure | undefined> {
    const due = [...new Set(configured)].filter((channel) => this.of(channel) === undefined);
    due.sort((a, b) => this.age(b) - this.age(a));
    for (const channel of due.slice(0, MOST_LOOKS)) {
      const failure = await this.look(channel);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  /** Reads what is written down: by this sender, by its predecessor, or by another one. */
  async read(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.deps.messages.troubles();
    this.written = new Map(rows.map(({ subject, reason }) => [subject, reason]));
    return this.written;
  }

  private age(channel: string): number {
    return this.deps.ticks() - (this.answers.get(channel)?.at ?? Number.NEGATIVE_INFINITY);
  }

  private async ask(channel: string): Promise<Failure | undefined> {
    const answer = await this.deps.slack.channel(channel);
    const trouble = answer.kind === "ok" ? troubleOfChannel(answer.value) : troubleOfFailure(answer);
    if (trouble !== undefined) await this.note(channel, trouble);
    else if (answer.kind === "ok") await this.isFine(channel);
    else return answer;
    return undefined;
  }

  private async isFine(channel: string): Promise<void> {
    const reason = (this.written ?? (await this.read())).get(channel);
    this.answers.set(channel, { known: "fine", at: this.deps.ticks() });
    if (reason !== undefined && !isSeenOnlyByPosting(reason)) await this.mended(channel);
  }

  private async note(channel: string, trouble: ChannelTrouble): Promise<void> {
    const before = (this.written ?? (await this.read())).get(channel);
    this.answers.set(channel, { known: trouble, at: this.deps.ticks() });
    if (before === trouble) return;
    this.deps.logger.warn({ channel, trouble }, "a channel does not take messages");
    await this.deps.messages.trouble(channel, trouble);
    this.written?.set(channel, trouble);
  }

  private async mended(channel: string): Promise<void> {
    await this.deps.messages.mended(channel);
    this.written?.delete(channel);
    this.deps.logger.info({ channel }, "the channel takes messages again");
  }
}

const troubleOfFailure = (failure: Failure): ChannelTrouble | undefined => {
  if (failure.kind === "place") return troubleOfRefusal(failure.why);
  return failure.why === "missing_scope" ? "unreadable" : undefined;
};
