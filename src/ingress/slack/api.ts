import { WebClient } from "@slack/web-api";
import { DiagError } from "../../core/errors.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { slackLogger } from "./log.ts";

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

const client = ({ botToken, apiUrl }: SlackConfig, logger: Logger, timeout: number): WebClient =>
  new WebClient(botToken, {
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
    retryConfig: { retries: 0 },
    timeout,
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    logger: slackLogger(logger),
  });

/** Slack's own word for what went wrong (`invalid_auth`, `channel_not_found`), or the kind of failure. */
export function slackErrorOf(thrown: unknown): string {
  const data = (thrown as { data?: { error?: unknown } } | undefined)?.data;
  if (typeof data?.error === "string") return data.error;
  const code = (thrown as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : thrown instanceof Error ? thrown.message.slice(0, 200) : "failed";
}

/** A call that failed, as an error people can read. */
export const slackFailure = (what: string, thrown: unknown): DiagError =>
  new DiagError("slack_unavailable", `${what}: Slack said ${slackErrorOf(thrown)}`, {
    hint: "try again in a moment",
    detail: slackErrorOf(thrown),
    cause: thrown,
  });
