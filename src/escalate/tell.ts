import type { Told } from "../core/ports/escalation-store.ts";
import { isKeyed, type Webhook } from "../core/words/webhook.ts";
import { post, requestOf } from "./http.ts";
import { mail } from "./mail.ts";
import type { News } from "./news.ts";

/** Longest wait for the other side. */
export const TELL_MS = 10_000;

/** Tells somebody outside of Slack, once. Never rejects. */
export function tell(webhook: Webhook, news: News, timeoutMs = TELL_MS): Promise<Told> {
  if (webhook.kind === "smtp") return mail(webhook, news, timeoutMs);
  return post(requestOf(webhook, news, new Date()), { keyed: isKeyed(webhook), timeoutMs });
}
