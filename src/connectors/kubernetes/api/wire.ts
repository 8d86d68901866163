import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { DiagError } from "../../../core/words/errors.ts";
import { underSignal } from "../../../lib/deadline.ts";
import { type Phase, reachError, stopped, timeoutAt } from "../../reach.ts";
import type { Way } from "./credentials.ts";

/** One request as it goes over the wire. */
export interface WireRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly maxBytes: number;
  /** Whether an answer beyond `maxBytes` is cut there, or an error. */
  readonly cut: boolean;
  /** Any of them stops it. */
  readonly until: readonly AbortSignal[];
  readonly timeoutMs: number;
}

export interface WireAnswer {
  readonly status: number;
  /** Empty where the server sent none. */
  readonly contentType: string;
  readonly retryAfter: string | undefined;
  readonly body: string;
  readonly isCut: boolean;
}

/** Sends it and reads the answer within its limits. Throws DiagError; a status is never an error here. */
export async function send(way: Way, request: WireRequest): Promise<WireAnswer> {
  const at: { phase: Phase } = { phase: "tcp" };
  const { host } = way.server;
  return underSignal({ until: request.until, ms: request.timeoutMs }, async (signal) => {
    try {
      return await dial(way, request, signal, at);
    } catch (thrown) {
      if (thrown instanceof DiagError) throw thrown;
      const stop = request.until.find(({ aborted }) => aborted);
      if (stop !== undefined) throw stopped(stop, at.phase, host, request.timeoutMs);
      if (signal.aborted) throw timeoutAt(at.phase, host, request.timeoutMs);
      throw reachError(thrown, host);
    } finally {
      way.agent.destroy();
    }
  });
}

function dial(
  way: Way,
  request: WireRequest,
  signal: AbortSignal,
  at: { phase: Phase },
): Promise<WireAnswer> {
  const isSecure = way.server.protocol === "https:";
  const base = way.server.pathname.replace(/\/$/, "");
  const options: RequestOptions = {
    method: request.method,
    headers: {
      "user-agent": "diagbot",
      accept: "application/json",
      ...request.headers,
      ...way.headers,
      ...(request.body === undefined ? {} : { "content-length": String(Buffer.byteLength(request.body)) }),
    },
    signal,
    agent: way.agent,
  };
  return new Promise((resolve, reject) => {
    const ask = isSecure ? httpsRequest : httpRequest;
    const call = ask(new URL(`${way.server.origin}${base}${request.target}`), options);
    call.once("socket", (socket: Socket) => {
      socket.once("connect", () => {
        at.phase = isSecure ? "tls" : "answer";
      });
      socket.once("secureConnect", () => {
        at.phase = "answer";
      });
    });
    call.once("error", reject);
    call.once("response", (answer) => {
      at.phase = "body";
      gather(answer, request).then(({ body, isCut }) => {
        if (isCut) call.destroy();
        resolve({
          status: answer.statusCode ?? 0,
          contentType: answer.headers["content-type"] ?? "",
          retryAfter: answer.headers["retry-after"],
          body,
          isCut,
        });
      }, reject);
    });
    call.end(request.body);
  });
}

async function gather(
  answer: IncomingMessage,
  { maxBytes, cut }: WireRequest,
): Promise<{ body: string; isCut: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size <= maxBytes) continue;
    answer.destroy();
    if (!cut)
      throw new DiagError("output_too_large", `the API server answered with more than ${maxBytes} bytes`);
    return { body: Buffer.concat(chunks).subarray(0, maxBytes).toString("utf8"), isCut: true };
  }
  return { body: Buffer.concat(chunks).toString("utf8"), isCut: false };
}
