import type { ActionContext } from "../../core/words/action.ts";
import type { Commands } from "../../core/words/command.ts";
import { redactor } from "../../lib/redact.ts";
import { type Edge, type Exchange, exchange } from "../exchange.ts";
import type { HttpCommand, HttpSettings } from "./settings.ts";

/** Bodies of health endpoints are read up to here. */
const BODY_BYTES = 64 * 1024;
const MOST_REDIRECTS = 3;
const CREDENTIALS = /^(proxy-)?authorization$|cookie|token|key|secret|auth/i;

/** One HTTP service; every call is a connection of its own, so that each phase is measured. */
export interface HttpClient {
  readonly health: string;
  readonly origin: string;
  /** Whether requests carry credentials: a user in the URL, or headers of their own. */
  readonly sendsCredentials: boolean;
  /** What diagbot.yaml declares of its admin API, by name. */
  readonly commands: Commands<HttpCommand>;
  /** GET of a path of this service. Same-origin redirects are followed; one that leads elsewhere is the answer. */
  get(path: string, limits: GetLimits, context: ActionContext): Promise<Answer>;
  /** One request as it is: a redirect is its answer. `path` is below the base's own, its parameters encoded. */
  send(request: OneRequest, limits: { timeoutMs: number }, context: ActionContext): Promise<Answer>;
  /** Where a path leads, without credentials: for people. */
  address(path: string): string;
  close(): void;
}

/** How long a GET may take, and how much of the body is read (default: 64 KiB). */
export interface GetLimits {
  readonly timeoutMs: number;
  readonly maxBytes?: number;
}

export interface OneRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly payload?: string | undefined;
}

export interface Answer extends Exchange {
  /** Origin and path a redirect led to that was not followed (other host, scheme or too many). */
  readonly redirect?: string;
  /** Body without the connection's own secrets. */
  readonly safeBody: string;
}

/** Opens without I/O. */
export function openHttp(connection: HttpSettings, edge: Edge = {}): HttpClient {
  const closing = new AbortController();
  const base = new URL(connection.url);
  const redact = redactor(
    [base.password, ...Object.values(connection.headers)].filter((value) => value !== ""),
  );
  const get: HttpClient["get"] = async (path, { timeoutMs, maxBytes = BODY_BYTES }, context) => {
    const end = performance.now() + Math.min(timeoutMs, context.timeoutMs);
    let url = join(base, path);
    for (let hop = 0; ; hop += 1) {
      const answer = await exchange({
        url,
        headers: connection.headers,
        until: [context.signal, closing.signal],
        timeoutMs: Math.max(1, Math.ceil(end - performance.now())),
        maxBytes,
        beyond: "cut",
        edge,
      });
      const next = redirectOf(answer, url);
      const safe = { ...answer, safeBody: redact(answer.body) };
      if (next === undefined) return safe;
      if (next.origin !== base.origin || hop >= MOST_REDIRECTS)
        return { ...safe, redirect: `${next.origin}${next.pathname}` };
      url = withCredentials(next, base);
    }
  };
  const send: HttpClient["send"] = async ({ method, path, headers, payload }, { timeoutMs }, context) => {
    const answer = await exchange({
      url: join(base, path),
      method,
      ...(payload === undefined ? {} : { payload }),
      headers: {
        ...(payload === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
        ...connection.headers,
      },
      until: [context.signal, closing.signal],
      timeoutMs: Math.max(1, Math.floor(timeoutMs)),
      maxBytes: BODY_BYTES,
      beyond: "cut",
      edge,
    });
    const next = redirectOf(answer, base);
    const where = next === undefined ? {} : { redirect: `${next.origin}${next.pathname}` };
    return { ...answer, ...where, safeBody: redact(answer.body) };
  };
  const address = (path: string): string => {
    const url = join(base, path);
    return `${url.origin}${url.pathname}${url.search}`;
  };
  const sendsCredentials =
    base.username !== "" || Object.keys(connection.headers).some((name) => CREDENTIALS.test(name));
  return {
    health: connection.health,
    origin: base.origin,
    sendsCredentials,
    commands: connection.commands,
    get,
    send,
    address,
    close: () => closing.abort(new Error("the client was closed")),
  };
}

/** The path below the base's own path: `https://api/v2` and `/health` is `https://api/v2/health`. */
function join(base: URL, path: string): URL {
  const url = new URL(base);
  const [pathname = "", query] = path.split("?", 2);
  url.pathname = `${base.pathname.replace(/\/$/, "")}${pathname}`;
  url.search = query === undefined ? "" : `?${query}`;
  url.hash = "";
  return url;
}

function redirectOf(answer: Exchange, from: URL): URL | undefined {
  const { location } = answer.headers;
  if (answer.status < 300 || answer.status > 399 || location === undefined) return undefined;
  const bare = new URL(from);
  bare.username = "";
  bare.password = "";
  return URL.canParse(location, bare.href) ? new URL(location, bare.href) : undefined;
}

function withCredentials(url: URL, base: URL): URL {
  const next = new URL(url);
  next.username = base.username;
  next.password = base.password;
  return next;
}
