import { LogLevel, type Logger as SlackLogger } from "@slack/web-api";
import type { Logger } from "../telemetry/logger.ts";

/** Slack's libraries log what they do; of that only warnings and errors are ours to pass on, without their payloads. */
export const slackLogger = (logger: Logger): SlackLogger => ({
  debug: () => {},
  info: () => {},
  warn: (...words) => logger.warn({ from: "slack sdk" }, say(words)),
  error: (...words) => logger.warn({ from: "slack sdk" }, say(words)),
  setLevel: () => {},
  getLevel: () => LogLevel.WARN,
  setName: () => {},
});

const say = (words: readonly unknown[]): string =>
  words
    .map((word) => (word instanceof Error ? word.message : String(word)))
    .join(" ")
    .slice(0, 500);
