import { permalink } from "../slack/permalink.ts";
import { BUDGETS } from "./send/budgets.ts";
import { Identity } from "./send/find.ts";
import { SlackCalls, type SlackOptions } from "./send/slack-calls.ts";

/** Pages of a thread that are read; more replies than they hold are many people who know of it. */
const MOST_PAGES = 5;

interface Root {
  readonly channel: string;
  readonly ts: string;
}

/** What people wrote in threads of ours, asked of Slack when it is needed. Nothing is asked before. */
export function createReplies(slack: SlackOptions) {
  const calls = new SlackCalls(slack, BUDGETS.timeoutMs, () => {});
  const identity = new Identity();
  return {
    /** The first member who wrote below the message since then; undefined: nobody, or Slack does not say. */
    since: async ({ channel, ts }: Root, since: Date): Promise<string | undefined> => {
      const self = await identity.get(calls);
      if (self.kind !== "ok") return undefined;
      let cursor: string | undefined;
      for (let page = 0; page < MOST_PAGES; page++) {
        const answer = await calls.read({ channel, root: ts }, (since.getTime() / 1000).toFixed(6), cursor);
        if (answer.kind !== "ok") return undefined;
        const person = answer.value.messages.find(
          (message) =>
            message.ts !== ts &&
            message.user !== undefined &&
            message.botId === undefined &&
            !self.value.wrote(message),
        );
        if (person !== undefined) return person.user;
        cursor = answer.value.next;
        if (cursor === undefined) return undefined;
      }
      return undefined;
    },
    /** Its address on the web; undefined: Slack does not say who we are. */
    link: async ({ channel, ts }: Root): Promise<string | undefined> => {
      const self = await identity.get(calls);
      const url = self.kind === "ok" ? self.value.url : undefined;
      return url === undefined ? undefined : permalink(url, channel, ts);
    },
  };
}
