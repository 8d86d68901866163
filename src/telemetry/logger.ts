import { type DestinationStream, type Logger, pino } from "pino";

export type { Logger } from "pino";

/** Members that never reach a log line, wherever they stand. */
const SECRET_PATHS = [
  "token",
  "password",
  "secret",
  "authorization",
  "url",
  "headers",
  "signingSecret",
  "appToken",
].flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/**
 * JSON lines on stderr: stdout belongs to `--json`. `redact` removes known secret values from every string of a line.
 */
export function createLogger(options: {
  level: string;
  redact?: (text: string) => string;
  destination?: DestinationStream;
}): Logger {
  const { redact = (text: string) => text } = options;
  const out = options.destination ?? pino.destination({ fd: 2, sync: true });
  const cleaned: DestinationStream = { write: (line) => out.write(redact(line)) };
  return pino(
    { level: options.level, base: null, redact: { paths: SECRET_PATHS, censor: "[redacted]" } },
    cleaned,
  );
}
