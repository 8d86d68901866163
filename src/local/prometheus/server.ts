import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { waitFor } from "../../lib/wait.ts";
import { evaluate } from "./evaluate.ts";
import { QueryError } from "./lex.ts";
import { parse } from "./parse.ts";
import { parseExposition, Samples } from "./samples.ts";
import type { Sample, Value } from "./values.ts";

/** An emulated Prometheus: scrapes the sample system and answers the queries diagbot asks. Not a Prometheus. */
export interface EmulatedPrometheus {
  readonly url: string;
  stop(): Promise<void>;
}

const SCRAPE_EVERY_MS = 2000;
const MOST_STEPS = 11_000;
const MOST_BODY = 64 << 10;

/** Starts scraping `target`/metrics and listens on a free port of 127.0.0.1. */
export async function startPrometheus(target: string): Promise<EmulatedPrometheus> {
  const samples = new Samples();
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

async function scrape(target: string, samples: Samples, signal: AbortSignal): Promise<void> {
  const extra = { job: "shop", instance: new URL(target).host };
  while (!signal.aborted) {
    const text = await fetch(`${target}/metrics`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(1500)]),
    })
      .then((response) => (response.ok ? response.text() : undefined))
      .catch(() => undefined);
    const up = { labels: { ...extra, __name__: "up" }, value: text === undefined ? 0 : 1 };
    if (!signal.aborted) samples.put(Date.now() / 1000, [up, ...parseExposition(text ?? "", extra)]);
    await waitFor(SCRAPE_EVERY_MS, signal);
  }
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const failure = (errorType: string, error: string) => ({ status: "error", errorType, error });

async function answer(request: IncomingMessage, samples: Samples): Promise<Answer> {
  const url = new URL(request.url ?? "/", "http://localhost");
  const parameters = request.method === "POST" ? await form(request) : url.searchParams;
  try {
    switch (url.pathname) {
      case "/api/v1/query":
        return { status: 200, body: success(query(parameters, samples)) };
      case "/api/v1/query_range":
        return { status: 200, body: success(queryRange(parameters, samples)) };
      case "/api/v1/status/buildinfo":
        return { status: 200, body: success({ version: "0.0.0-emulated" }) };
      case "/-/healthy":
      case "/-/ready":
        return { status: 200, body: "This is the demo's emulated Prometheus." };
      default:
        return { status: 404, body: failure("not_found", "not in the emulated Prometheus") };
    }
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

const success = (data: unknown) => ({ status: "success", data });

function query(parameters: URLSearchParams, samples: Samples): unknown {
  const t = timeOf(parameters.get("time")) ?? Date.now() / 1000;
  const value = evaluate(parse(parameters.get("query") ?? ""), samples, t);
  if (typeof value === "number") return { resultType: "scalar", result: [t, said(value)] };
  return {
    resultType: "vector",
    result: value.map((sample) => ({ metric: sample.labels, value: [t, said(sample.value)] })),
  };
}

function queryRange(parameters: URLSearchParams, samples: Samples): unknown {
  const expression = parse(parameters.get("query") ?? "");
  const [start, end] = [timeOf(parameters.get("start")), timeOf(parameters.get("end"))];
  const step = Number.parseFloat(parameters.get("step") ?? "");
  if (start === undefined || end === undefined || !(step > 0) || (end - start) / step > MOST_STEPS)
    throw new QueryError("start, end and step must be numbers, and not too many steps");
  const rows = new Map<string, { metric: Sample["labels"]; values: [number, string][] }>();
  for (let t = start; t <= end; t += step) {
    for (const sample of vectorAt(evaluate(expression, samples, t))) {
      const key = JSON.stringify(sample.labels);
      const row = rows.get(key) ?? { metric: sample.labels, values: [] };
      rows.set(key, row);
      row.values.push([t, said(sample.value)]);
    }
  }
  return { resultType: "matrix", result: [...rows.values()] };
}

const vectorAt = (value: Value): readonly Sample[] =>
  typeof value === "number" ? [{ labels: {}, value }] : value;

/** Unix seconds or RFC 3339. */
function timeOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  const seconds = /^[\d.]+$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  return Number.isFinite(seconds) ? seconds : undefined;
}

/** Prometheus sends numbers as strings. */
const said = (value: number): string => {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return String(value);
};

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
