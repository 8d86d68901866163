import type { IncomingMessage, ServerResponse } from "node:http";
import { HTTPReceiver } from "@slack/bolt";
import { toDiagError } from "../../../core/words/errors.ts";
import { slackLogger } from "../../../slack/log.ts";
import type { Logger } from "../../../telemetry/logger.ts";
import { createHolder, type Holder, readBody } from "../../read-body.ts";
import { respondUnread } from "../../respond-http.ts";
import { within } from "../deadline.ts";
import { isForApp, payloadOf } from "./payload.ts";
import { couldBeSigned, createReplayGuard, isSigned } from "./replays.ts";

/** Slack's largest payloads are modals of some 250 kB. */
const BODY_BYTES = 1_048_576;
/** What is not signed is read only as far as Slack's check of our certificate is long. */
const UNSIGNED_BYTES = 500;
const HELD_BYTES = 32 * 1_048_576;
/** Requests in hand at once. */
const MOST_REQUESTS = 200;
/** Slack waits 3 s for everything; without an answer of the inbox this process's memory decides. */
const REMEMBER_MS = 700;

export interface HttpSide {
  readonly receiver: HTTPReceiver;
  /** For our own server, at POST /slack/events. */
  readonly listener: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

export interface HttpSideOptions {
  readonly signingSecret: string;
  readonly logger: Logger;
  /** The app's id, once known. False while the bot does not know its workspace: Slack is told 503 and shows its user an error. */
  readonly app: () => { readonly id: string | undefined } | undefined;
  /** True the first time any process sees the signature. Rejects where nobody can know. */
  readonly isFirst: (signature: string) => Promise<boolean>;
}

interface Inside extends HttpSideOptions {
  readonly holder: Holder;
  readonly isNew: (signature: string) => boolean;
}

type Admitted = { readonly status: number; readonly why?: string } | { readonly body: Buffer };

/** Bolt behind our own door-keeper: headers, size, signature, clock (both ways), replay and app are checked before Bolt sees a request. */
export function createHttpSide(options: HttpSideOptions): HttpSide {
  const { signingSecret, logger } = options;
  const receiver = new HTTPReceiver({
    signingSecret,
    endpoints: "/slack/events",
    logger: slackLogger(logger),
    unhandledRequestTimeoutMillis: 3_001,
  });
  const inside: Inside = { ...options, holder: createHolder(HELD_BYTES), isNew: createReplayGuard() };
  let inHand = 0;
  return {
    receiver,
    listener: async (request, response) => {
      inHand += 1;
      response.once("close", () => {
        inHand -= 1;
      });
      const admitted = inHand > MOST_REQUESTS ? { status: 503, why: "busy" } : await admit(request, inside);
      if (response.destroyed) return;
      if ("status" in admitted) {
        const { status, why = "not accepted" } = admitted;
        if (status >= 400) logger.warn({ status, why }, "a request to /slack/events was turned away");
        respondUnread(request, response, status, status >= 400 ? { reason: why } : {});
        return;
      }
      // Bolt reads the body from here where it is present: ours has been read already.
      Object.assign(request, { rawBody: admitted.body });
      receiver.requestListener(request, response);
    },
  };
}

async function admit(request: IncomingMessage, inside: Inside): Promise<Admitted> {
  const signature = header(request, "x-slack-signature") ?? "";
  const timestamp = header(request, "x-slack-request-timestamp") ?? "";
  if (signature === "" && timestamp === "") return admitUnsigned(request, inside);
  if (!couldBeSigned(timestamp, signature)) return NOT_SIGNED;
  const read = await readBody(request, BODY_BYTES, inside.holder).catch(toDiagError);
  if (!("bytes" in read)) return { status: STATUS[read.code] ?? 400, why: read.message };
  const body = read.bytes;
  read.release();
  if (!isSigned(inside.signingSecret, { timestamp, signature, body })) return NOT_SIGNED;
  if (!inside.isNew(signature) || (await wasSeen(signature, inside))) return { status: 401, why: "a repeat" };
  return forUs(body, header(request, "content-type"), inside.app());
}

/** Slack's check of our certificate is not signed and asks for nothing. */
async function admitUnsigned(request: IncomingMessage, { holder }: Inside): Promise<Admitted> {
  if (Number(request.headers["content-length"] ?? 0) > BODY_BYTES)
    return { status: 413, why: "the body is too large" };
  const read = await readBody(request, UNSIGNED_BYTES, holder).catch(() => undefined);
  read?.release();
  return read !== undefined && isSslCheck(read.bytes) ? { status: 200 } : NOT_SIGNED;
}

function forUs(
  body: Buffer,
  contentType: string | undefined,
  ours: ReturnType<HttpSideOptions["app"]>,
): Admitted {
  const payload = payloadOf(contentType, body);
  if (payload === undefined) return { status: 400, why: "nothing Slack sends" };
  if (ours === undefined) return { status: 503, why: "not connected to Slack yet" };
  return isForApp(payload, ours.id) ? { body } : { status: 401, why: "for another app" };
}

const NOT_SIGNED = { status: 401, why: "not signed by Slack" } as const;
const STATUS: Readonly<Record<string, number>> = { too_large: 413, busy: 503 };

/** By another process, or by this one before it was started again. */
async function wasSeen(signature: string, { isFirst, logger }: Inside): Promise<boolean> {
  const asked = isFirst(signature).catch((error: unknown) => {
    // Without Postgres nothing can be changed by a repeat either.
    logger.warn({ code: toDiagError(error).code }, "a signature could not be remembered");
    return true;
  });
  const first = await within(asked, REMEMBER_MS);
  return first.inTime && !first.value;
}

const isSslCheck = (body: Buffer): boolean =>
  /^(.*&)?ssl_check=1(&.*)?$/.test(body.toString("latin1", 0, 500));

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};
