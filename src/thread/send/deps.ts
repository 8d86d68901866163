import type { MessageStore } from "../../core/ports/message-store.ts";
import type { Reader } from "../../core/ports/reader.ts";
import type { Contact } from "../../core/rules/contacts.ts";
import type { Levels } from "../../core/rules/escalation.ts";
import type { Around } from "../../core/rules/look-next.ts";
import type { SystemLink } from "../../core/words/link.ts";
import type { Principal } from "../../core/words/policy.ts";
import type { IncidentView, RunView } from "../../core/words/view.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Access } from "./access.ts";
import type { Budgets } from "./budgets.ts";
import type { Channels } from "./channels.ts";
import type { Clock } from "./clock.ts";
import type { Identity } from "./find.ts";
import type { Gate } from "./gate.ts";
import type { SlackCalls } from "./slack-calls.ts";

/** What the sender tells the outside about itself. Every member may be left out. */
export interface SenderMetrics {
  /** A call of Slack ended: `ok`, `rate_limited`, `refused`, `ambiguous` (it may have happened) or `failed` (never sent). */
  called?(method: string, result: string): void;
  /** Threads that do not show everything, and for how long the oldest does not; 0: none. */
  waiting?(threads: number, oldestSeconds: number): void;
  /** All that keeps messages from being shown, as of the last inspection. */
  troubles?(troubles: readonly { readonly subject: string; readonly reason: string }[]): void;
  /** A thread shows everything; seconds since the first change it had not shown. */
  caughtUp?(seconds: number): void;
}

/** What everything in this folder works with. */
export interface SenderDeps {
  readonly messages: MessageStore;
  readonly reader: Reader;
  /** Those of diagbot.yaml whom Slack still knows as full members. */
  readonly people: () => Promise<readonly Principal[]>;
  /** What to type for the same run once more. */
  readonly again?: ((run: RunView) => string) | undefined;
  /** Who is to be asked about what a run found. */
  readonly contacts?: ((run: RunView) => readonly Contact[]) | undefined;
  readonly elsewhere?: ((run: RunView, around: Around) => readonly string[]) | undefined;
  /** Pages of a system to look further on. */
  readonly links?: ((system: string) => readonly SystemLink[]) | undefined;
  /** Who is told when nobody answers an incident. */
  readonly levels?: ((incident: IncidentView) => Levels | undefined) | undefined;
  readonly slack: SlackCalls;
  readonly access: Access;
  readonly channels: Channels;
  /** Channels of the configuration. */
  readonly configured: readonly string[];
  /** Takes the threads of channels that do not. */
  readonly fallback: string | undefined;
  readonly identity: Identity;
  readonly gate: Gate;
  readonly budgets: Budgets;
  /** Takes secrets out of text. */
  readonly redact: (text: string) => string;
  readonly logger: Logger;
  readonly metrics: SenderMetrics;
  /** The clock people read. */
  readonly now: () => Date;
  /** The clock waits are measured with. */
  readonly clock: Clock;
  readonly ticks: () => number;
}
