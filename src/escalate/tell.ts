import type { Told } from "../core/ports/escalation-store.ts";
import { isKeyed, type Webhook } from "../core/words/webhook.ts";
import { post, requestOf } from "./http.ts";
import { mail } from "./mail.ts";
import type { News } from "./news.ts";
import { openedBy, type TicketHook, ticketRequest } from "./ticket.ts";

/** Longest wait for the other side. */
export const TELL_MS = 10_000;

/** Tells somebody outside of Slack, once. Never rejects. */
export function tell(webhook: Webhook, news: News, timeoutMs = TELL_MS): Promise<Told> {
  if (webhook.kind === "smtp") return mail(webhook, news, timeoutMs);
  if (webhook.kind === "ticket") return ticket(webhook, news, timeoutMs);
  return post(requestOf(webhook, news, new Date()), { keyed: isKeyed(webhook), timeoutMs });
}

/** A ticket is opened once: what may have been opened is never opened again. */
async function ticket(hook: TicketHook, news: News, timeoutMs: number): Promise<Told> {
  if (news.event !== "trigger" && news.ticket === undefined)
    return { state: "failed", said: "its number is not known" };
  const { method, ...request } = ticketRequest(hook, news);
  const read = (told: Told, answer: string) => openedBy(hook, told, answer);
  return post(request, { keyed: false, timeoutMs, method, ...(news.event === "trigger" ? { read } : {}) });
}
