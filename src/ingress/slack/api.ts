import type { WebClient } from "@slack/web-api";
import { DiagError } from "../../core/words/errors.ts";
import { webClient } from "../../slack/client.ts";
import { slackLogger } from "../../slack/log.ts";
import type { Logger } from "../../telemetry/logger.ts";

export interface SlackConfig {
  readonly botToken: string;
  /** HTTP mode: requests are signed with it. */
  readonly signingSecret?: string | undefined;
  /** Socket Mode: used where it is given. */
  readonly appToken?: string | undefined;
  readonly apiUrl?: string | undefined;
}

/** Two clients, so that a slow `views.open` does not hold up the question who somebody is. No retries: they would double. */
export interface SlackApi {
  readonly views: WebClient;
  readonly lookups: WebClient;
}

/** Lookups must leave time for the acknowledgement, which Slack wants within 3 s. */
const LOOKUP_MS = 1_500;
const VIEW_MS = 2_500;

export const createApi = (config: SlackConfig, logger: Logger): SlackApi => ({
  views: client(config, logger, VIEW_MS),
  lookups: client(config, logger, LOOKUP_MS),
});

const client = ({ botToken, apiUrl }: SlackConfig, logger: Logger, timeoutMs: number): WebClient =>
  webClient({ token: botToken, apiUrl, timeoutMs, logger: slackLogger(logger) });

/** Slack's own word for what went wrong (`invalid_auth`, `channel_not_found`), or the kind of failure in words. */
export function slackErrorOf(thrown: unknown): string {
  const { data, code, original, statusCode, retryAfter } = (thrown ?? {}) as Failure;
  if (typeof data?.error === "string") return data.error;
  if (code === "slack_webapi_rate_limited_error")
    return `too many requests, wait ${Number(retryAfter ?? 1)} s`;
  if (code === "slack_webapi_http_error") return `HTTP ${Number(statusCode ?? 0)}`;
  if (code === "slack_webapi_request_error") return `no answer (${reasonOf(original)})`;
  if (typeof code === "string" && !code.startsWith("slack_")) return code;
  return thrown instanceof Error ? thrown.message.slice(0, 200) : "failed";
}

/** What the client's errors carry; all of it from outside. */
interface Failure {
  readonly data?: { readonly error?: unknown };
  readonly code?: unknown;
  readonly original?: unknown;
  readonly statusCode?: unknown;
  readonly retryAfter?: unknown;
}

function reasonOf(original: unknown): string {
  const { code, cause, name } = (original ?? {}) as { code?: unknown; cause?: unknown; name?: unknown };
  const inner = (cause as { code?: unknown } | undefined)?.code ?? code;
  if (typeof inner === "string" && !inner.startsWith("slack_")) return inner;
  return name === "TimeoutError" || name === "AbortError" ? "in time" : "unreachable";
}

/** Slack's words for what people meet, as a sentence and what to do about it. */
const KNOWN: Readonly<Record<string, readonly [string, string]>> = {
  expired_trigger_id: ["that took longer than Slack waits", "try once more"],
  trigger_expired: ["that took longer than Slack waits", "try once more"],
  invalid_auth: [
    "Slack does not accept diagbot's token",
    "tell whoever runs diagbot: `diagbot doctor` says more",
  ],
  token_revoked: ["diagbot's token was revoked", "tell whoever runs diagbot: `diagbot doctor` says more"],
  account_inactive: [
    "diagbot's account is switched off",
    "tell whoever runs diagbot: `diagbot doctor` says more",
  ],
  missing_scope: [
    "diagbot lacks a permission in Slack",
    "tell whoever runs diagbot: `diagbot doctor` says more",
  ],
  user_not_found: ["Slack does not know this account", "use an account of this workspace"],
  channel_not_found: ["diagbot does not see this channel", "invite it: `/invite @diagbot`"],
  not_in_channel: ["diagbot is not in this channel", "invite it: `/invite @diagbot`"],
};

/** A call that failed, as an error people can read. */
export function slackFailure(what: string, thrown: unknown): DiagError {
  const word = slackErrorOf(thrown);
  const [says, hint] = KNOWN[word] ?? [`Slack said ${word.replaceAll("_", " ")}`, "try again in a moment"];
  return new DiagError("slack_unavailable", `${what}: ${says}`, { hint, detail: word, cause: thrown });
}
