import type { Principal } from "../../core/words/policy.ts";
import { inTime } from "../../lib/deadline.ts";
import type { SlackCalls } from "./slack-calls.ts";

const EVERY_MS = 600_000;
/** Drawing does not wait longer for Slack's word on who is still here. */
const PATIENCE_MS = 1_500;
const AT_ONCE = 5;
/** More accounts than a team that decides has. */
const MOST = 200;

/**
 * The people of diagbot.yaml as Slack knows them: accounts of guests and of who has left are taken out, and whoever has
 * no other is not named. Asked again every ten minutes; while Slack does not say, an account counts as it did before.
 */
export class Members {
  private readonly absent = new Set<string>();
  private readonly slack: SlackCalls;
  private readonly all: readonly Principal[];
  private readonly ticks: () => number;
  private askedAt = -Infinity;
  private asking: Promise<void> = Promise.resolve();

  constructor(slack: SlackCalls, all: readonly Principal[], ticks: () => number) {
    this.slack = slack;
    this.all = all;
    this.ticks = ticks;
  }

  async people(): Promise<readonly Principal[]> {
    if (this.ticks() - this.askedAt > EVERY_MS) {
      this.askedAt = this.ticks();
      this.asking = this.ask();
    }
    await inTime(this.asking, { ms: PATIENCE_MS });
    return this.all.flatMap((person) => {
      const slack = person.slack.filter((user) => !this.absent.has(user));
      return person.slack.length > 0 && slack.length === 0 ? [] : [{ ...person, slack }];
    });
  }

  private async ask(): Promise<void> {
    const users = [...new Set(this.all.flatMap(({ slack }) => slack))].slice(0, MOST);
    for (let at = 0; at < users.length; at += AT_ONCE)
      await Promise.all(users.slice(at, at + AT_ONCE).map((user) => this.look(user)));
  }

  private async look(user: string): Promise<void> {
    const answer = await this.slack.canDecide(user);
    if (answer.kind !== "ok") return;
    if (answer.value) this.absent.delete(user);
    else this.absent.add(user);
  }
}
