import type { MessageStore } from "../../core/ports/message-store.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { CallResult } from "./slack-calls.ts";

const TOKEN = "token";
const SCOPE = "scope:";

interface Deps {
  readonly messages: Pick<MessageStore, "trouble" | "mended">;
  readonly logger: Logger;
}

/**
 * Whether Slack accepts the bot's token. Revoked, expired or without a scope, it is written down for health and metrics,
 * and taken back by the first call that works again. What could not be written is tried again at the next such answer.
 */
export class Access {
  private readonly deps: Deps;
  private written: ReadonlySet<string> = new Set();
  private last: Promise<void> = Promise.resolve();

  constructor(deps: Deps) {
    this.deps = deps;
  }

  /** What is written down; a sender begins with what the last one left. */
  known(subjects: readonly string[]): void {
    this.written = new Set(subjects);
  }

  answered(method: string, answer: CallResult<unknown>): void {
    if (answer.kind === "access") {
      const subject = answer.why === "missing_scope" ? SCOPE + method : TOKEN;
      this.next(() => this.note(subject, answer.needed ?? answer.why));
    } else if (!SAYS_NOTHING.has(answer.kind)) {
      const over = [TOKEN, SCOPE + method].filter((subject) => this.written.has(subject));
      if (over.length > 0) this.next(() => this.mend(over));
    }
  }

  /** Resolves when all that was heard so far is written down. */
  settled(): Promise<void> {
    return this.last;
  }

  private async note(subject: string, reason: string): Promise<void> {
    if (!this.written.has(subject))
      this.deps.logger.error({ subject, reason }, "Slack does not accept the bot's token");
    await this.deps.messages.trouble(subject, reason);
    this.written = new Set([...this.written, subject]);
  }

  private async mend(over: readonly string[]): Promise<void> {
    for (const subject of over) await this.deps.messages.mended(subject);
    this.written = new Set([...this.written].filter((subject) => !over.includes(subject)));
    this.deps.logger.info({ subjects: over }, "Slack accepts the bot's token again");
  }

  /** One writer after another, so that the newest answer is written last. */
  private next(work: () => Promise<void>): void {
    this.last = this.last.then(work).catch((error: unknown) => {
      this.deps.logger.warn({ err: error }, "what Slack said of the token was not written down");
    });
  }
}

/** Answers before which Slack need not have looked at the token. */
const SAYS_NOTHING: ReadonlySet<string> = new Set(["unsent", "ambiguous", "limited"]);
