import { type Logger as SlackLogger, WebClient } from "@slack/web-api";

/** How a client of Slack's Web API is made. */
export interface ClientOptions {
  readonly token: string;
  /** Default: Slack's own. */
  readonly apiUrl?: string | undefined;
  /** Longest wait for the answer of one call. */
  readonly timeoutMs: number;
  readonly logger: SlackLogger;
}

/**
 * A client that neither retries nor waits out rate limits: a repeat inside the client would post twice, as it cannot know
 * whether the first one arrived. It sends the token to Slack's own address only.
 */
export const webClient = ({ token, apiUrl, timeoutMs, logger }: ClientOptions): WebClient =>
  new WebClient(token, {
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
    timeout: timeoutMs,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    logger,
  });
