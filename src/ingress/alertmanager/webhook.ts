import type { IncomingMessage, ServerResponse } from "node:http";
import { DiagError, ERRORS, toDiagError } from "../../core/errors.ts";
import { sha256 } from "../../lib/sha256.ts";
import { storable } from "../../lib/storable.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { IngressMetrics } from "../metrics.ts";
import { drain, readBody } from "../read-body.ts";
import type { Door } from "../receive.ts";
import { bearerCheck } from "./bearer.ts";
import { parseNotification } from "./notification.ts";

/** 6,000 alerts in one group are 5.6 MB. */
const BODY_BYTES = 16 * 1_048_576;
/** All bodies being read at once; more is answered 503, which Alertmanager sends again. */
const HELD_BYTES = 64 * 1_048_576;
const NOTICE_EVERY_MS = 3_600_000;

export interface WebhookOptions {
  /** At least 32 characters; compared in constant time. */
  readonly token: string;
  readonly door: Pick<Door, "receiveAlerts">;
  readonly logger: Logger;
  readonly metrics?: IngressMetrics;
  /** Tells people in Slack, at most once an hour, that alerts are being turned away. */
  readonly notice?: (text: string) => void;
  readonly bodyBytes?: number;
  readonly heldBytes?: number;
}

/**
 * `POST /webhooks/alertmanager`. 200 only after the commit, naming the incident. Alertmanager repeats on 5xx only, so
 * trouble of ours is 503 (or 500 for a bug), never 4xx; what repeating cannot mend is 400, 401, 413 or 415.
 */
export function createWebhook(
  options: WebhookOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const authorized = bearerCheck(options.token);
  const hold = holder(options.heldBytes ?? HELD_BYTES);
  const notice = hourly(options.notice ?? (() => {}));
  return async (request, response) => {
    const began = performance.now();
    const answer = await receive(request, { ...options, authorized, hold }).catch((thrown: unknown) =>
      refuse(toDiagError(thrown), options),
    );
    const seconds = (performance.now() - began) / 1000;
    options.metrics?.received("alertmanager", answer.outcome, seconds);
    if (answer.status === 413) {
      options.metrics?.tooLarge("alertmanager");
      notice("An alert notification was too large and was turned away: set `max_alerts` in Alertmanager.");
    }
    send(request, response, answer);
  };
}

interface Answer {
  readonly status: number;
  readonly outcome: string;
  readonly body: object;
}

interface Inside extends WebhookOptions {
  readonly authorized: (header: string | undefined) => boolean;
  readonly hold: (bytes: number) => void;
}

async function receive(request: IncomingMessage, inside: Inside): Promise<Answer> {
  const { door, logger, authorized, hold } = inside;
  if (!authorized(request.headers.authorization))
    throw new DiagError("unauthorized", "the bearer token is missing or wrong");
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity")
    return refusal(415, "bad_notification", `content-encoding ${encoding.slice(0, 40)} is not accepted`);
  const body = (await readBody(request, inside.bodyBytes ?? BODY_BYTES, hold)).toString("utf8");
  const { notification, notes } = await parseNotification(body);
  if (notes.length > 0) logger.warn({ notes }, "parts of a notification were changed or left out");
  const dedupeKey = `alertmanager:${sha256(body)}`;
  const raw = storable(body.slice(0, 65_536));
  const stored = await door.receiveAlerts({ source: "alertmanager", dedupeKey, raw }, notification, notes);
  logger.info({ incident: stored.incident, news: stored.news, runs: stored.runs }, "alerts received");
  const { incident, news, runs } = stored;
  const said = notes.length === 0 ? {} : { notes };
  return { status: 200, outcome: news, body: { incident, news, runs, ...said } };
}

const STATUS: Readonly<Record<string, number>> = {
  unauthorized: 401,
  bad_notification: 400,
  too_large: 413,
  aborted: 400,
};

function refuse(error: DiagError, { logger }: WebhookOptions): Answer {
  const isOurs = ERRORS[error.code].kind !== "user";
  const status = STATUS[error.code] ?? (ERRORS[error.code].kind === "unavailable" ? 503 : 500);
  if (isOurs && error.code !== "aborted") logger.error({ err: error }, "alerts were not stored");
  else logger.warn({ code: error.code, reason: error.message }, "alerts were turned away");
  const reason =
    status === 503
      ? "could not be stored, send it again"
      : status === 500
        ? ERRORS[error.code].says
        : error.message;
  return refusal(status, error.code, reason);
}

const refusal = (status: number, error: string, reason: string): Answer => ({
  status,
  outcome: error,
  body: { error, reason },
});

function send(request: IncomingMessage, response: ServerResponse, { status, body }: Answer): void {
  if (response.destroyed || response.headersSent) return;
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    ...(status === 401 ? { "www-authenticate": 'Bearer realm="diagbot"' } : {}),
    ...(status === 503 ? { "retry-after": "5" } : {}),
    ...(request.complete ? {} : { connection: "close" }),
  });
  response.end(text);
  drain(request);
}

function holder(limit: number): (bytes: number) => void {
  let held = 0;
  return (bytes) => {
    held += bytes;
    if (bytes > 0 && held > limit)
      throw new DiagError("store_unavailable", "too many bodies are being read at once");
  };
}

function hourly(notice: (text: string) => void): (text: string) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (text) => {
    const now = performance.now();
    if (now - last < NOTICE_EVERY_MS) return;
    last = now;
    notice(text);
  };
}
