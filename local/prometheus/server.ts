import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { underSignal } from "../../src/lib/deadline.ts";
import { waitFor } from "../../src/lib/wait.ts";
import { dataOf } from "./api.ts";
import { QueryError } from "./lex.ts";
import { type Labels, parseExposition, Samples } from "./samples.ts";

/** An emulated Prometheus: scrapes the sample system and answers the queries diagbot asks. Not a Prometheus. */
export interface EmulatedPrometheus {
  readonly url: string;
  stop(): Promise<void>;
}

const SCRAPE_EVERY_MS = 2000;
const MOST_BODY = 64 << 10;

/** What is scraped. */
export interface Target {
  /** `<url>/metrics` is the page. */
  readonly url: string;
  readonly job: string;
  /** Pages of the past, oldest first, by time in seconds: what a Prometheus that has run for long would know. */
  readonly past?: readonly { readonly t: number; readonly text: string }[];
}

/** Starts scraping the target and listens on a free port of 127.0.0.1. */
export async function startPrometheus(target: Target): Promise<EmulatedPrometheus> {
  const samples = new Samples();
  for (const { t, text } of target.past ?? []) samples.remember(t, page(text, target));
  const stopping = new AbortController();
  const scraping = scrape(target, samples, stopping.signal);
  const server = createServer((request, response) => {
    answer(request, samples).then(
      ({ status, body }) => send(response, status, body),
      (error: Error) => send(response, 500, failure("internal", error.message)),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      stopping.abort();
      await scraping;
      await close(server);
    },
  };
}

async function scrape(target: Target, samples: Samples, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const text = await underSignal({ until: [signal], ms: 1500 }, async (end) => {
      const response = await fetch(`${target.url}/metrics`, { signal: end });
      return response.ok ? await response.text() : undefined;
    }).catch(() => undefined);
    if (!signal.aborted) samples.put(Date.now() / 1000, page(text, target));
    await waitFor(SCRAPE_EVERY_MS, signal);
  }
}

/** The samples of one scrape; of one that failed only that it did. */
function page(text: string | undefined, { url, job }: Target): { labels: Labels; value: number }[] {
  const extra = { job, instance: new URL(url).host };
  const up = { labels: { ...extra, __name__: "up" }, value: text === undefined ? 0 : 1 };
  return [up, ...parseExposition(text ?? "", extra)];
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const failure = (errorType: string, error: string) => ({ status: "error", errorType, error });

async function answer(request: IncomingMessage, samples: Samples): Promise<Answer> {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (url.pathname === "/-/healthy" || url.pathname === "/-/ready")
    return { status: 200, body: "This is the demo's emulated Prometheus." };
  try {
    const parameters = request.method === "POST" ? await form(request) : url.searchParams;
    const data = dataOf(url.pathname.replace(/^\/api\/v1\//, ""), parameters, samples);
    return data === undefined
      ? { status: 404, body: failure("not_found", "not in the emulated Prometheus") }
      : { status: 200, body: { status: "success", data } };
  } catch (error) {
    if (error instanceof QueryError) return { status: 400, body: failure("bad_data", error.message) };
    throw error;
  }
}

async function form(request: IncomingMessage): Promise<URLSearchParams> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += String(chunk);
    if (body.length > MOST_BODY) throw new QueryError("the query is too long");
  }
  return new URLSearchParams(body);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "string" ? "text/plain" : "application/json";
  response.writeHead(status, { "content-type": type }).end(text);
}

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
