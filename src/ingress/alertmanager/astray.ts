import type { IncomingMessage } from "node:http";
import { cut } from "../../lib/cut.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { bearerCheck } from "../bearer.ts";
import type { IngressMetrics } from "../metrics.ts";
import { createTeller } from "./teller.ts";

interface AstrayOptions {
  /** Those of alerts: whoever has one meant to send some. */
  readonly tokens: readonly string[];
  readonly logger: Logger;
  readonly metrics?: IngressMetrics;
  readonly notice: (text: string) => void;
}

/** Hears of requests that nobody answers; tells people of notifications among them, once an hour. The world's scanners have no token. */
export function createAstray({
  tokens,
  logger,
  metrics,
  notice,
}: AstrayOptions): (request: IncomingMessage) => void {
  const isSender = bearerCheck(tokens);
  const tell = createTeller(notice);
  return ({ url = "/", method = "", headers, socket }) => {
    if (!isSender(headers.authorization)) return;
    const path = cut(url.split("?")[0] ?? "/", 80);
    logger.warn({ path, method }, "alerts were sent where nobody answers");
    metrics?.turnedAway("bad_notification");
    const body = {
      reason: `nothing is answered at ${method} ${path}`,
      hint: "its `url` must be diagbot's address with /webhooks/alertmanager, and it must POST",
    };
    tell({ status: 404, outcome: "not_found", body }, socket.remoteAddress);
  };
}
