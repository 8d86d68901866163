import { createHmac } from "node:crypto";
import type { Told } from "../core/ports/escalation-store.ts";
import { isCritical } from "../core/words/alert.ts";
import type { Webhook } from "../core/words/webhook.ts";
import { type News, textOf } from "./news.ts";

/** A request to somebody's API, ready to be sent. */
export interface HookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type HttpHook = Exclude<Webhook, { kind: "smtp" | "ticket" }>;

/** What is sent to whom; pure. `now` is signed with the body. */
export function requestOf(webhook: HttpHook, news: News, now: Date): HookRequest {
  switch (webhook.kind) {
    case "pagerduty":
      return {
        url: webhook.url,
        headers: JSON_TYPE,
        body: JSON.stringify(pagerDuty(webhook.routingKey, news)),
      };
    case "opsgenie":
      return opsgenie(webhook, news);
    case "json":
      return json(webhook, news, now);
  }
}

const JSON_TYPE = { "content-type": "application/json" } as const;

/** The Events API v2: one `dedup_key` is one alert there, whatever is sent twice. */
function pagerDuty(routingKey: string, news: News): object {
  const { event, key, title, system, severity, since, link } = news;
  const common = { routing_key: routingKey, event_action: event, dedup_key: key };
  if (event !== "trigger") return common;
  return {
    ...common,
    client: "diagbot",
    ...(link === undefined ? {} : { client_url: link, links: [{ href: link, text: "The thread in Slack" }] }),
    payload: {
      summary: `${title} on ${system}: ${news.because}`.slice(0, 1_024),
      source: system,
      severity: isCritical(severity) ? "critical" : /warn/i.test(severity) ? "warning" : "error",
      timestamp: since.toISOString(),
      component: system,
      custom_details: { incident: news.incident, findings: news.findings, waiting: news.waiting },
    },
  };
}

/** `alias` is the key: an open alert with it is counted up, not made again. */
function opsgenie({ url, apiKey }: Extract<Webhook, { kind: "opsgenie" }>, news: News): HookRequest {
  const headers = { ...JSON_TYPE, authorization: `GenieKey ${apiKey}` };
  const { event, key, title, system, severity, link } = news;
  if (event !== "trigger") {
    const what = event === "acknowledge" ? "acknowledge" : "close";
    return {
      url: `${url}/${encodeURIComponent(key)}/${what}?identifierType=alias`,
      headers,
      body: JSON.stringify({ source: "diagbot", note: news.because }),
    };
  }
  const body = {
    message: `${title} on ${system}`.slice(0, 130),
    alias: key,
    description: textOf(news).slice(0, 15_000),
    entity: system,
    source: "diagbot",
    priority: isCritical(severity) ? "P1" : "P2",
    details: { incident: String(news.incident), severity, ...(link === undefined ? {} : { thread: link }) },
  };
  return { url, headers, body: JSON.stringify(body) };
}

/** `x-diagbot-signature`: HMAC-SHA256 of `<timestamp>.<body>`; the timestamp is signed, so that no old message counts again. */
function json({ url, bearer, hmac }: Extract<Webhook, { kind: "json" }>, news: News, now: Date): HookRequest {
  const body = JSON.stringify({ version: 1, ...news, since: news.since.toISOString() });
  const timestamp = String(Math.floor(now.getTime() / 1000));
  return {
    url,
    body,
    headers: {
      ...JSON_TYPE,
      "idempotency-key": `${news.key}-${news.event}`,
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(hmac === undefined
        ? {}
        : {
            "x-diagbot-timestamp": timestamp,
            "x-diagbot-signature": `sha256=${createHmac("sha256", hmac).update(`${timestamp}.${body}`).digest("hex")}`,
          }),
    },
  };
}

/** Codes of a connection that was never made: nothing was sent. */
const NOT_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$|CERT|TLS/;
const MOST_ANSWER = 2_000;
const MOST_READ = 200_000;

interface PostOptions {
  readonly keyed: boolean;
  readonly timeoutMs: number;
  readonly method?: string;
  /** What an answer that was taken says besides. */
  readonly read?: (told: Told, answer: string) => Told;
}

/**
 * Sends it once, and says what is known of it. `keyed`: what may have arrived is known again there, so it is tried again. 4xx is a
 * refusal, but for 408 and 429, which ask for patience, as 5xx of a keyed one does. Redirects are not followed.
 */
export async function post(
  { url, headers, body }: HookRequest,
  { keyed, timeoutMs, method = "POST", read }: PostOptions,
): Promise<Told> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = await fetch(url, { method, headers, body, redirect: "manual", signal });
    const text = await firstOf(answer, read === undefined ? MOST_ANSWER : MOST_READ);
    const said = text.replace(/\s+/g, " ").trim();
    const words = `HTTP ${answer.status}${said === "" ? "" : `: ${said.slice(0, 200)}`}`;
    if (answer.ok) return read?.({ state: "sent", said: words }, text) ?? { state: "sent", said: words };
    if (answer.status === 408 || answer.status === 429 || answer.status === 503)
      return { state: "again", said: words };
    if (answer.status >= 500) return { state: keyed ? "again" : "unknown", said: words };
    return { state: "failed", said: words };
  } catch (thrown) {
    const code = codeOf(thrown);
    const words = code === "TimeoutError" ? `no answer within ${timeoutMs / 1000} s` : `no answer: ${code}`;
    return { state: keyed || NOT_SENT.test(code) ? "again" : "unknown", said: words };
  }
}

async function firstOf(answer: Response, most: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    // Leaving the loop ends the connection.
    if (text.length >= most) break;
  }
  return text.slice(0, most);
}

/** Node's own word for it; never the message, which may hold the address. */
function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "error";
  const inner: unknown = thrown.cause ?? thrown;
  const code: unknown = typeof inner === "object" && inner !== null ? Reflect.get(inner, "code") : undefined;
  return typeof code === "string" ? code : thrown.name;
}
