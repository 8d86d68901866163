import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction, type Socket } from "node:net";
import { pipeline, type Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { DiagError } from "../core/words/errors.ts";
import { underSignal } from "../lib/deadline.ts";
import { type Phase, reachError, stopped, timeoutAt } from "./reach.ts";

/** One request: no redirect is followed here, no connection is kept. */
export interface ExchangeRequest {
  readonly url: URL;
  /** Default: GET. */
  readonly method?: string;
  readonly payload?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Any of them stops it. */
  readonly until: readonly AbortSignal[];
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** A body beyond `maxBytes`: `cut` keeps its beginning, `fail` is `output_too_large`. */
  readonly beyond: "cut" | "fail";
  readonly edge?: Edge;
}

/** What a test or a private network may change about the way out. */
export interface Edge {
  /** Certificates (PEM) trusted besides none of the usual ones; unset: Node's own list and NODE_EXTRA_CA_CERTS. */
  readonly ca?: readonly string[];
  readonly lookup?: LookupFunction;
}

/** Milliseconds per phase; null where the phase did not take place (an IP address, plain HTTP). */
export interface Timings {
  readonly dnsMs: number | null;
  readonly connectMs: number | null;
  readonly tlsMs: number | null;
  /** From the request being sent to the first byte of the answer. */
  readonly waitMs: number | null;
  readonly downloadMs: number | null;
  readonly totalMs: number;
}

export interface Exchange {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isCut: boolean;
  readonly timings: Timings;
}

/** Sends the request and reads the answer within its limits. Throws DiagError; a status is never an error here. */
export async function exchange(request: ExchangeRequest): Promise<Exchange> {
  const target = request.url.host;
  const clock = new Clock();
  return underSignal({ until: request.until, ms: request.timeoutMs }, async (signal) => {
    try {
      return await send(request, signal, clock);
    } catch (thrown) {
      if (thrown instanceof DiagError) throw thrown;
      const stop = request.until.find(({ aborted }) => aborted);
      if (stop !== undefined) throw stopped(stop, clock.phase(), target, clock.elapsed());
      if (signal.aborted) throw timeoutAt(clock.phase(), target, request.timeoutMs);
      throw reachError(thrown, target);
    }
  });
}

function send(request: ExchangeRequest, signal: AbortSignal, clock: Clock): Promise<Exchange> {
  const { url, edge } = request;
  const isSecure = url.protocol === "https:";
  return new Promise((resolve, reject) => {
    const call: ClientRequest = (isSecure ? httpsRequest : httpRequest)(url, {
      method: request.method ?? "GET",
      headers: {
        accept: "*/*",
        "user-agent": "diagbot",
        "accept-encoding": "identity",
        ...lengthOf(request.payload),
        ...request.headers,
      },
      agent: false,
      signal,
      ...(edge?.ca === undefined ? {} : { ca: [...edge.ca] }),
      ...(edge?.lookup === undefined ? {} : { lookup: edge.lookup }),
    });
    call.once("socket", (socket) => clock.watch(socket, isSecure, isIP(hostOf(url)) !== 0));
    call.once("error", reject);
    call.once("response", (answer) => {
      clock.mark("answer");
      readBody(request, answer, (body, isCut) => {
        clock.mark("body");
        resolve({
          status: answer.statusCode ?? 0,
          headers: plainHeaders(answer),
          body,
          isCut,
          timings: clock.timings(),
        });
        if (isCut) call.destroy();
      }).catch((error: unknown) => {
        call.destroy();
        reject(error);
      });
    });
    call.end(request.payload);
  });
}

const lengthOf = (payload: string | undefined): Record<string, string> =>
  payload === undefined ? {} : { "content-length": String(Buffer.byteLength(payload)) };

async function readBody(
  { maxBytes, beyond, url }: ExchangeRequest,
  answer: IncomingMessage,
  done: (body: string, isCut: boolean) => void,
): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of decoded(answer) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size <= maxBytes) continue;
    if (beyond === "fail")
      throw new DiagError("output_too_large", `${url.host}: the answer is larger than ${maxBytes} bytes`);
    return done(Buffer.concat(chunks).subarray(0, maxBytes).toString("utf8"), true);
  }
  done(Buffer.concat(chunks).toString("utf8"), false);
}

const DECODERS = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
} as const;

/** We ask for plain bodies; some send compressed ones all the same. What comes out of it is bounded, not what comes in. */
function decoded(answer: IncomingMessage): Readable {
  const encoding = answer.headers["content-encoding"]?.trim().toLowerCase() ?? "";
  if (!Object.hasOwn(DECODERS, encoding)) return answer;
  // Its error comes out of the reader, too.
  return pipeline(answer, DECODERS[encoding as keyof typeof DECODERS](), () => undefined);
}

const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "");

const plainHeaders = (answer: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );

/** Notes when each phase of one call ended. */
class Clock {
  readonly #begin = performance.now();
  readonly #ended = new Map<Phase, number>();
  #isSecure = false;
  #isAddress = false;

  watch(socket: Socket, isSecure: boolean, isAddress: boolean): void {
    this.#isSecure = isSecure;
    this.#isAddress = isAddress;
    socket.once("lookup", (error: Error | null) => {
      if (error === null) this.mark("dns");
    });
    socket.once("connect", () => this.mark("tcp"));
    socket.once("secureConnect", () => this.mark("tls"));
  }

  mark(phase: Phase): void {
    if (!this.#ended.has(phase)) this.#ended.set(phase, performance.now());
  }

  /** The phase under way. */
  phase(): Phase {
    const order: Phase[] = ["dns", "tcp", "tls", "answer", "body"];
    const last = order.findLastIndex((phase) => this.#ended.has(phase));
    const next = order.slice(last + 1).filter((phase) => this.#takesPlace(phase));
    return next[0] ?? "body";
  }

  elapsed(): number {
    return performance.now() - this.#begin;
  }

  timings(): Timings {
    const dns = this.#isAddress ? this.#begin : this.#ended.get("dns");
    const tcp = this.#ended.get("tcp");
    const ready = this.#isSecure ? this.#ended.get("tls") : tcp;
    const answer = this.#ended.get("answer");
    return {
      dnsMs: this.#isAddress ? null : span(this.#begin, dns),
      connectMs: span(dns ?? this.#begin, tcp),
      tlsMs: this.#isSecure ? span(tcp, this.#ended.get("tls")) : null,
      waitMs: span(ready, answer),
      downloadMs: span(answer, this.#ended.get("body")),
      totalMs: tenth(this.elapsed()),
    };
  }

  #takesPlace(phase: Phase): boolean {
    if (phase === "dns") return !this.#isAddress;
    return phase !== "tls" || this.#isSecure;
  }
}

const span = (from: number | undefined, to: number | undefined): number | null =>
  from === undefined || to === undefined ? null : tenth(to - from);
const tenth = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;
