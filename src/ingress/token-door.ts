import type { IncomingMessage, ServerResponse } from "node:http";
import { DiagError, ERRORS, toDiagError } from "../core/words/errors.ts";
import { type Redact, redactDeep } from "../lib/redact.ts";
import type { Logger } from "../telemetry/logger.ts";
import { bearerCheck } from "./bearer.ts";
import { createHolder, type Holder, readBody } from "./read-body.ts";
import { respondUnread } from "./respond-http.ts";

/** What a sender is answered; `outcome`: a word for the metrics. */
export interface Answer {
  readonly status: number;
  readonly outcome: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface TokenDoorOptions {
  /** What is sent there, in the plural: `alerts`. */
  readonly what: string;
  /** At least 32 characters each; compared in constant time. Several are good while one replaces the other. */
  readonly tokens: readonly string[];
  /** Largest body, and all bodies in hand at once; more is answered 503, which is sent again. */
  readonly bodyBytes: number;
  readonly heldBytes: number;
  readonly logger: Logger;
  /** Stores the text of a body and says what it came to. Throws DiagErrors. */
  readonly store: (body: string) => Promise<Answer>;
  /** Who is never at the right door, token or not. Throws what they are told. */
  readonly before?: (request: IncomingMessage) => void;
  /** Hears of every answer before it is sent. */
  readonly answered?: (answer: Answer, seconds: number, from: string | undefined) => void;
  /** Takes known secrets out of answers: they name the place of what could not be read. Default: nothing. */
  readonly redact?: Redact;
}

/**
 * A door for programs that prove themselves by a token. They repeat on 5xx only, so trouble of ours is 503 (or 500 for a bug),
 * never 4xx; what repeating cannot mend is 400, 401, 413 or 415.
 */
export function tokenDoor(
  options: TokenDoorOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const authorized = bearerCheck(options.tokens);
  const holder = createHolder(options.heldBytes);
  const { answered = () => {}, redact = (text) => text } = options;
  return async (request, response) => {
    const began = performance.now();
    const answer = await receive(request, { ...options, authorized, holder }).catch((thrown: unknown) =>
      refuse(toDiagError(thrown), options),
    );
    answered(answer, (performance.now() - began) / 1000, request.socket.remoteAddress);
    send(request, response, { ...answer, body: redactDeep(answer.body, redact) });
  };
}

interface Inside extends TokenDoorOptions {
  readonly authorized: (header: string | undefined) => boolean;
  readonly holder: Holder;
}

async function receive(request: IncomingMessage, inside: Inside): Promise<Answer> {
  const { authorized, holder, bodyBytes } = inside;
  inside.before?.(request);
  if (!authorized(request.headers.authorization))
    throw new DiagError("unauthorized", "the bearer token is missing or wrong");
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity")
    return refusal(415, "bad_notification", `content-encoding ${encoding.slice(0, 40)} is not accepted`);
  const body = await readBody(request, bodyBytes, holder);
  try {
    return await inside.store(body.bytes.toString("utf8"));
  } finally {
    body.release();
  }
}

const STATUS: Readonly<Record<string, number>> = {
  unauthorized: 401,
  bad_notification: 400,
  bad_change: 400,
  too_large: 413,
  aborted: 400,
};

function refuse(error: DiagError, { what, logger }: TokenDoorOptions): Answer {
  const { kind, says } = ERRORS[error.code];
  const status = STATUS[error.code] ?? (kind === "unavailable" ? 503 : 500);
  if (status === 500) logger.error({ err: error }, `${what} were not stored because of a bug`);
  else logger.warn({ code: error.code, reason: error.message }, `${what} were turned away`);
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
