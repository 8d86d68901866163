import type { IncomingMessage, ServerResponse } from "node:http";
import type { Redact } from "../../lib/redact.ts";
import { sha256 } from "../../lib/sha256.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { createLine, type Line, type LineLimits } from "../line.ts";
import type { IngressMetrics } from "../metrics.ts";
import type { AlertsReceived, Door } from "../receive.ts";
import { type Answer, tokenDoor } from "../token-door.ts";
import { parseNotification } from "./notification.ts";
import { sentStraight } from "./sender.ts";
import { createTeller } from "./teller.ts";

/** 6,000 alerts in one group are 5.6 MB. */
const BODY_BYTES = 16 * 1_048_576;
/** All bodies in hand at once; more is answered 503, which Alertmanager sends again. */
const HELD_BYTES = 64 * 1_048_576;
/** The store takes in together what comes at once, on few connections. Alertmanager gives up after 10 s at the earliest. */
const LINE: LineLimits = { atOnce: 64, waiting: 2_000, waitMs: 8_000 };

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

/** `POST /webhooks/alertmanager`. 200 only after the commit, naming the incident. */
export function createWebhook(
  options: WebhookOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { tokens, logger, metrics, redact } = options;
  const line = createLine(options.line ?? LINE);
  const tell = createTeller(options.notice ?? (() => {}));
  return tokenDoor({
    ...{ what: "alerts", tokens, logger },
    bodyBytes: options.bodyBytes ?? BODY_BYTES,
    heldBytes: options.heldBytes ?? HELD_BYTES,
    ...(redact === undefined ? {} : { redact }),
    // Whoever sends there has no token for us and is told what to do all the same.
    before: (request) => {
      if (/^(?:\/webhooks\/alertmanager)?\/api\//.test(request.url ?? "")) throw sentStraight();
    },
    store: (body) => store(body, { ...options, inLine: line }),
    answered: (answer, seconds, from) => {
      metrics?.received("alertmanager", answer.outcome, seconds);
      if (answer.status < 500 && answer.status >= 400) metrics?.turnedAway(answer.outcome);
      if (answer.status === 500) metrics?.turnedAway("bug");
      tell(answer, from);
    },
  });
}

interface Inside extends WebhookOptions {
  readonly inLine: Line;
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
