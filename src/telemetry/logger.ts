import { type DestinationStream, type Logger, pino } from "pino";
import { type Redact, redactDeep } from "../lib/redact.ts";

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
 * JSON lines on stderr: stdout belongs to `--json`. `redact` takes secrets out of every string of a line; names of members
 * and the JSON itself stay what they are.
 */
export function createLogger(options: {
  level: string;
  redact?: Redact;
  destination?: DestinationStream;
}): Logger {
  const { redact = (text) => text } = options;
  const out = options.destination ?? pino.destination({ fd: 2, sync: true });
  const cleaned: DestinationStream = { write: (line) => out.write(redactLine(line, redact)) };
  return pino(
    { level: options.level, base: null, redact: { paths: SECRET_PATHS, censor: "[redacted]" } },
    cleaned,
  );
}

function redactLine(line: string, redact: Redact): string {
  try {
    return `${JSON.stringify(redactDeep<unknown>(JSON.parse(line), redact))}\n`;
  } catch {
    return `${redact(line)}\n`;
  }
}
