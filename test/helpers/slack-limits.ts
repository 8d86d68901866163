import type { LocalSlack } from "../../local/slack/local-slack.ts";

/** Slack's own limit: one message a second in a channel. */
const SECOND = 1_000;

/** The local Slack refuses what the real one would: a second message of a channel within one second of that clock. */
export function limitPosts(slack: LocalSlack, ticks: () => number): void {
  const posted = new Map<string, number>();
  slack.faults.add({
    method: "chat.postMessage",
    times: 1_000_000,
    kind: "rateLimited",
    retryAfterSeconds: 1,
    when: ({ channel }) => {
      const now = ticks();
      const tooSoon = now - (posted.get(String(channel)) ?? -SECOND) < SECOND;
      if (!tooSoon) posted.set(String(channel), now);
      return tooSoon;
    },
  });
}
