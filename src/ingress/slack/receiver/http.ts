import type { IncomingMessage, ServerResponse } from "node:http";
import { HTTPReceiver } from "@slack/bolt";
import { toDiagError } from "../../../core/errors.ts";
import type { Logger } from "../../../telemetry/logger.ts";
import { drain, readBody } from "../../read-body.ts";
import { slackLogger } from "../log.ts";
import { createReplayGuard, isSigned } from "./replays.ts";

/** Slack's largest payloads are modals of some 250 kB. */
const BODY_BYTES = 1_048_576;

export interface HttpSide {
  readonly receiver: HTTPReceiver;
  /** For our own server, at POST /slack/events. */
  readonly listener: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

/**
 * Bolt behind our own door-keeper: size, signature, clock (both ways) and replay are checked before Bolt sees a request.
 * `ready`: false while the bot does not know its workspace; then Slack is told 503 and shows its user an error.
 */
export function createHttpSide(signingSecret: string, logger: Logger, ready: () => boolean): HttpSide {
  const receiver = new HTTPReceiver({
    signingSecret,
    endpoints: "/slack/events",
    logger: slackLogger(logger),
    unhandledRequestTimeoutMillis: 3_001,
  });
  const isFirst = createReplayGuard();
  const admit = async (request: IncomingMessage): Promise<Buffer | number> => {
    const body = await bodyOrStatus(request);
    if (typeof body === "number") return body;
    const signature = header(request, "x-slack-signature") ?? "";
    const timestamp = header(request, "x-slack-request-timestamp") ?? "";
    // Slack's check of our certificate is not signed and asks for nothing.
    if (!isSigned(signingSecret, { timestamp, signature, body })) return isSslCheck(body) ? 200 : 401;
    if (!isFirst(signature)) return 401;
    return ready() ? body : 503;
  };
  return {
    receiver,
    listener: async (request, response) => {
      const admitted = await admit(request);
      if (response.destroyed) return;
      if (typeof admitted === "number") {
        if (admitted >= 400) logger.warn({ status: admitted }, "a request to /slack/events was turned away");
        response.writeHead(admitted, { "content-length": 0 }).end();
        return;
      }
      // Bolt reads the body from here where it is present: ours has been read already.
      Object.assign(request, { rawBody: admitted });
      receiver.requestListener(request, response);
    },
  };
}

async function bodyOrStatus(request: IncomingMessage): Promise<Buffer | number> {
  try {
    return await readBody(request, BODY_BYTES);
  } catch (error) {
    drain(request);
    return toDiagError(error).code === "too_large" ? 413 : 400;
  }
}

const isSslCheck = (body: Buffer): boolean =>
  /^(.*&)?ssl_check=1(&.*)?$/.test(body.toString("latin1", 0, 500));

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};
