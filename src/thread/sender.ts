import type { MessageStore } from "../core/ports/message-store.ts";
import type { Reader } from "../core/ports/reader.ts";
import type { Contact } from "../core/rules/contacts.ts";
import type { Levels } from "../core/rules/escalation.ts";
import type { Around } from "../core/rules/look-next.ts";
import type { SystemLink } from "../core/words/link.ts";
import type { Principal } from "../core/words/policy.ts";
import type { IncidentView, RunView } from "../core/words/view.ts";
import type { Logger } from "../telemetry/logger.ts";
import { Access } from "./send/access.ts";
import { BUDGETS, type Budgets } from "./send/budgets.ts";
import { Channels } from "./send/channels.ts";
import { CLOCK, type Clock } from "./send/clock.ts";
import type { SenderDeps, SenderMetrics } from "./send/deps.ts";
import { Identity } from "./send/find.ts";
import { Gate } from "./send/gate.ts";
import { Members } from "./send/members.ts";
import { SendLoop } from "./send/send-loop.ts";
import { type CallResultKind, SlackCalls, type SlackOptions } from "./send/slack-calls.ts";

export type { Budgets } from "./send/budgets.ts";
export type { SenderMetrics } from "./send/deps.ts";

export interface SenderOptions {
  readonly messages: MessageStore;
  readonly reader: Reader;
  /** People of diagbot.yaml, to name who may approve. */
  readonly people: readonly Principal[];
  /** What to type for the same run once more. Default: system and runbook. */
  readonly again?: (run: RunView) => string;
  /** Who is to be asked about what a run found. Default: nobody. */
  readonly contacts?: (run: RunView) => readonly Contact[];
  /** What to type to look further, where a run leaves people without a cause. Default: nothing. */
  readonly elsewhere?: (run: RunView, around: Around) => readonly string[];
  /** Pages of a system to look further on. Default: none. */
  readonly links?: (system: string) => readonly SystemLink[];
  /** Who is told when nobody answers an incident. Default: nobody. */
  readonly levels?: (incident: IncidentView) => Levels | undefined;
  readonly slack: SlackOptions;
  /** Channels of the configuration: looked at before there is anything to post. */
  readonly channels?: readonly string[];
  /** Takes the threads of channels that do not take them. */
  readonly fallback?: string | undefined;
  readonly logger: Logger;
  /** Takes secrets out of what was not recorded without them. Default: nothing. */
  readonly redact?: (text: string) => string;
  readonly metrics?: SenderMetrics;
  readonly budgets?: Partial<Budgets>;
  readonly now?: () => Date;
  readonly clock?: Clock;
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
const RESULTS: Readonly<Record<CallResultKind, string>> = {
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
  const { messages, reader, logger } = options;
  const budgets = { ...BUDGETS, ...options.budgets };
  const metrics = options.metrics ?? {};
  const clock = options.clock ?? CLOCK;
  const ticks = () => clock.ticks();
  const access = new Access({ messages, logger });
  const slack = new SlackCalls(options.slack, budgets.timeoutMs, (method, answer) => {
    metrics.called?.(method, RESULTS[answer.kind]);
    access.answered(method, answer);
  });
  const members = new Members(slack, options.people, ticks);
  const deps: SenderDeps = {
    messages,
    reader,
    redact: options.redact ?? ((text) => text),
    people: () => members.people(),
    again: options.again,
    contacts: options.contacts,
    elsewhere: options.elsewhere,
    links: options.links,
    levels: options.levels,
    slack,
    access,
    channels: new Channels({ slack, messages, budgets, ticks, logger }),
    configured: options.channels ?? [],
    fallback: options.fallback,
    identity: new Identity(),
    gate: new Gate(budgets, ticks),
    budgets,
    logger,
    metrics,
    now: options.now ?? (() => new Date()),
    clock,
    ticks,
  };
  return new SendLoop(deps);
}
