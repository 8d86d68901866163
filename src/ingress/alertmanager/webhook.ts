import type { IncomingMessage, ServerResponse } from "node:http";
import { DiagError, ERRORS, toDiagError } from "../../core/words/errors.ts";
import { type Redact, redactDeep } from "../../lib/redact.ts";
import { sha256 } from "../../lib/sha256.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { createLine, type Line, type LineLimits } from "../line.ts";
import type { IngressMetrics } from "../metrics.ts";
import { createHolder, type Holder, readBody } from "../read-body.ts";
import type { AlertsReceived, Door } from "../receive.ts";
import { respondUnread } from "../respond-http.ts";
import { bearerCheck } from "./bearer.ts";
import { parseNotification } from "./notification.ts";
import { sentStraight } from "./sender.ts";
import { createTeller } from "./teller.ts";

/** 6,000 alerts in one group are 5.6 MB. */
const BODY_BYTES = 16 * 1_048_576;
/** All bodies in hand at once; more is answered 503, which Alertmanager sends again. */
const HELD_BYTES = 64 * 1_048_576;
/** Most of the pool stays free for people. Alertmanager gives up after 10 s at the earliest. */
const LINE: LineLimits = { atOnce: 5, waiting: 2_000, waitMs: 8_000 };

export interface WebhookOptions {
  /** At least 32 characters each; compared in constant time. Several are good while one replaces the other. */
  readonly tokens: readonly string[];
  readonly door: Pick<Door, "receiveAlerts">;
  readonly logger: Logger;
  readonly metrics?: IngressMetrics;
  /** Takes known secrets out of answers: they name the place of what could not be read. Default: nothing. */
  readonly redact?: Redact;
  /** Tells people in Slack that alerts are being turned away; at most once an hour for each kind of reason. */
  readonly notice?: (text: string) => void;
  readonly bodyBytes?: number;
  readonly heldBytes?: number;
  readonly line?: LineLimits;
}

/**
 * `POST /webhooks/alertmanager`. 200 only after the commit, naming the incident. Alertmanager repeats on 5xx only, so
 * trouble of ours is 503 (or 500 for a bug), never 4xx; what repeating cannot mend is 400, 401, 413 or 415.
 */
export function createWebhook(
  options: WebhookOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const authorized = bearerCheck(options.tokens);
  const holder = createHolder(options.heldBytes ?? HELD_BYTES);
  const line = createLine(options.line ?? LINE);
  const tell = createTeller(options.notice ?? (() => {}));
  return async (request, response) => {
    const began = performance.now();
    const answer = await receive(request, { ...options, authorized, holder, inLine: line }).catch(
      (thrown: unknown) => refuse(toDiagError(thrown), options),
    );
    const seconds = (performance.now() - began) / 1000;
    options.metrics?.received("alertmanager", answer.outcome, seconds);
    if (answer.status < 500 && answer.status >= 400) options.metrics?.turnedAway(answer.outcome);
    if (answer.status === 500) options.metrics?.turnedAway("bug");
    tell(answer, request.socket.remoteAddress);
    send(request, response, { ...answer, body: redactDeep(answer.body, options.redact ?? ((text) => text)) });
  };
}

interface Answer {
  readonly status: number;
  readonly outcome: string;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Inside extends WebhookOptions {
  readonly authorized: (header: string | undefined) => boolean;
  readonly holder: Holder;
  readonly inLine: Line;
}

async function receive(request: IncomingMessage, inside: Inside): Promise<Answer> {
  const { authorized, holder, bodyBytes = BODY_BYTES } = inside;
  // Whoever sends there has no token for us and is told what to do all the same.
  if (request.url?.startsWith("/api/")) throw sentStraight();
  if (!authorized(request.headers.authorization))
    throw new DiagError("unauthorized", "the bearer token is missing or wrong");
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity")
    return refusal(415, "bad_notification", `content-encoding ${encoding.slice(0, 40)} is not accepted`);
  const body = await readBody(request, bodyBytes, holder);
  try {
    return await store(body.bytes.toString("utf8"), inside);
  } finally {
    body.release();
  }
}

async function store(body: string, { door, logger, inLine, metrics }: Inside): Promise<Answer> {
  const { notification, notes } = await parseNotification(body);
  if (notes.length > 0) logger.warn({ notes }, "parts of a notification were changed or left out");
  const entry = {
    source: "alertmanager" as const,
    dedupeKey: `alertmanager:${sha256(body)}`,
    raw: body,
  };
  const stored = await inLine(() => door.receiveAlerts(entry, notification, notes));
  return stored200(stored, notes, logger, metrics);
}

function stored200(
  { heartbeats, incidents }: AlertsReceived,
  notes: readonly string[],
  logger: Logger,
  metrics: IngressMetrics | undefined,
): Answer {
  const [first, ...others] = incidents.map(({ incident, news, runs }) => ({ incident, news, runs }));
  if (heartbeats.length > 0) {
    metrics?.heartbeat();
    logger.debug({ heartbeats }, "a heartbeat of the alerting arrived");
  }
  const beats = heartbeats.length === 0 ? {} : { heartbeats };
  if (first === undefined)
    return { status: 200, outcome: "heartbeat", body: { ...beats, reason: "it says that alerting works" } };
  for (const one of [first, ...others]) logger.info(one, "alerts received");
  const also = others.length === 0 ? {} : { also: others };
  return {
    status: 200,
    outcome: first.news,
    body: { ...first, ...also, ...beats, ...(notes.length === 0 ? {} : { notes }) },
  };
}

const STATUS: Readonly<Record<string, number>> = {
  unauthorized: 401,
  bad_notification: 400,
  too_large: 413,
  aborted: 400,
};

function refuse(error: DiagError, { logger }: WebhookOptions): Answer {
  const { kind, says } = ERRORS[error.code];
  const status = STATUS[error.code] ?? (kind === "unavailable" ? 503 : 500);
  if (status === 500) logger.error({ err: error }, "alerts were not stored because of a bug");
  else logger.warn({ code: error.code, reason: error.message }, "alerts were turned away");
  const reason =
    status === 500
      ? says
      : error.code === "busy"
        ? "busy, send it again"
        : status === 503
          ? AWAY
          : error.message;
  return refusal(status, error.code, reason, status < 500 ? error.hint : undefined);
}

const AWAY = "could not be stored, send it again";

const refusal = (status: number, error: string, reason: string, hint?: string): Answer => ({
  status,
  outcome: error,
  body: { error, reason, ...(hint === undefined ? {} : { hint }) },
});

function send(request: IncomingMessage, response: ServerResponse, { status, body }: Answer): void {
  if (response.destroyed) return;
  respondUnread(request, response, status, body, {
    ...(status === 401 ? { "www-authenticate": 'Bearer realm="diagbot"' } : {}),
    ...(status === 503 ? { "retry-after": "5" } : {}),
  });
}
