import type { Told } from "../core/ports/escalation-store.ts";
import { hearsEnds, type Webhook } from "../core/words/webhook.ts";
import { randomId } from "../lib/random-id.ts";
import type { News } from "./news.ts";
import { TELL_MS, tell } from "./tell.ts";

/** What somebody outside of Slack reads who is told for a test; pure. `from`: which machine asked for it. */
export const testNews = (key: string, from: string, now: Date): News => ({
  event: "trigger",
  key,
  incident: 0,
  title: "Test: nobody needs to do anything",
  system: "diagbot",
  // Not critical: it need not wake anybody.
  severity: "warning",
  since: now,
  because: `somebody ran \`diagbot doctor\` on ${from} to see whether this arrives`,
  findings: [],
  waiting: [],
});

/** Tells it once for a test, and takes that back where the other side hears of ends. Never rejects. */
export async function tryWebhook(webhook: Webhook, from: string, timeoutMs = TELL_MS): Promise<Told> {
  const news = testNews(`diagbot-test-${randomId()}`, from, new Date());
  const told = await tell(webhook, news, timeoutMs);
  if (told.state !== "sent" || !hearsEnds(webhook)) return told;
  const over = { ...news, event: "resolve" as const, because: "it was a test" };
  const ended = await tell(
    webhook,
    told.ticket === undefined ? over : { ...over, ticket: told.ticket },
    timeoutMs,
  );
  return ended.state === "sent"
    ? told
    : { state: ended.state, said: `${told.said}; its end was not taken: ${ended.said}` };
}
