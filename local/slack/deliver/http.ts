import { type IncomingMessage, request } from "node:http";
import { stringify } from "node:querystring";
import { PersonSees } from "../errors.ts";
import type { Ack, DeliveryType } from "../types.ts";
import { signed } from "./sign.ts";

const LARGEST_ANSWER = 1_000_000;

export interface Post {
  readonly type: DeliveryType;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly retry: { readonly number: number; readonly reason: string } | undefined;
}

export interface Where {
  readonly url: string;
  readonly signingSecret: string;
  readonly timeoutMs: number;
  readonly nowSeconds: number;
}

/** An answer other than 2xx; `noRetry` when the app asked not to be asked again. */
export class HttpRefusal extends PersonSees {
  readonly noRetry: boolean;

  constructor(status: number, noRetry: boolean) {
    super(status >= 500 ? "http_service_error" : "http_client_error", `HTTP ${status}`);
    this.noRetry = noRetry;
  }
}

/** How Slack writes a delivery: events as JSON, interactivity as JSON in a form, commands as a form. */
export function encode({ type, payload }: Post): { readonly contentType: string; readonly body: string } {
  if (type === "events_api") return { contentType: "application/json", body: JSON.stringify(payload) };
  const form =
    type === "interactive" ? { payload: JSON.stringify(payload) } : (payload as Record<string, string>);
  return { contentType: "application/x-www-form-urlencoded", body: stringify(form) };
}

const ackOf = (answer: IncomingMessage, text: string): Ack => {
  if (text === "") return {};
  if (!(answer.headers["content-type"] ?? "").includes("json")) return { text };
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === "object" && parsed !== null ? (parsed as Ack) : {};
};

async function readAll(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > LARGEST_ANSWER) throw new Error("answer too large");
  }
  return Buffer.concat(chunks).toString();
}

async function readAnswer(answer: IncomingMessage): Promise<Ack> {
  const text = await readAll(answer);
  const status = answer.statusCode ?? 0;
  if (status >= 300) throw new HttpRefusal(status, answer.headers["x-slack-no-retry"] === "1");
  return ackOf(answer, text);
}

const headersOf = (post: Post, where: Where, contentType: string, body: string) => ({
  "content-type": contentType,
  "content-length": Buffer.byteLength(body),
  "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
  ...signed(body, where.signingSecret, where.nowSeconds),
  ...(post.retry === undefined
    ? {}
    : { "x-slack-retry-num": String(post.retry.number), "x-slack-retry-reason": post.retry.reason }),
});

/**
 * One signed POST to the app. Resolves with its acknowledgement; rejects with what a person would see:
 * `operation_timeout`, `dispatch_failed` (no connection), `http_client_error`, `http_service_error`.
 */
export function postSigned(post: Post, where: Where): Promise<Ack> {
  const { contentType, body } = encode(post);
  // node:http without an agent: fetch adds "; charset" (which Bolt refuses) and a kept-alive socket may lead to an app that is gone.
  const outgoing = request(where.url, {
    method: "POST",
    agent: false,
    headers: headersOf(post, where, contentType, body),
  });
  return new Promise<Ack>((resolve, reject) => {
    const timeout = setTimeout(() => {
      outgoing.destroy();
      reject(new PersonSees("operation_timeout", `no answer within ${where.timeoutMs} ms`));
    }, where.timeoutMs);
    const settle = (finish: () => void) => {
      clearTimeout(timeout);
      finish();
    };
    outgoing.on("error", (error) => settle(() => reject(new PersonSees("dispatch_failed", error.message))));
    outgoing.on("response", (answer) => {
      readAnswer(answer).then(
        (ack) => settle(() => resolve(ack)),
        (error: Error) =>
          settle(() =>
            reject(error instanceof PersonSees ? error : new PersonSees("dispatch_failed", error.message)),
          ),
      );
    });
    outgoing.end(body);
  });
}
