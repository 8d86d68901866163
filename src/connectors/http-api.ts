import type { ActionContext } from "../core/words/action.ts";
import { DiagError } from "../core/words/errors.ts";
import { clip } from "../core/words/format.ts";
import { type Exchange, exchange } from "./exchange.ts";

/** One request to an HTTP API; `path` stands below the connection's URL and is encoded by the caller. */
export interface ApiRequest {
  readonly method?: string;
  readonly path: string;
  readonly search?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** The API of a service at an address, as its operators' tools use it. */
export interface HttpApi {
  readonly host: string;
  /** Any status is an answer. Throws DiagError where none came, or one beyond the limit. */
  ask(request: ApiRequest, context: ActionContext): Promise<Exchange>;
  /** Ends what is under way. */
  close(): void;
}

/** Opens without I/O. What is accepted the caller says: not every service may be asked for JSON alone. `maxBytes`: an answer beyond it is `output_too_large`. */
export function openHttpApi(
  { url, headers }: { readonly url: string; readonly headers: Readonly<Record<string, string>> },
  maxBytes: number,
): HttpApi {
  const closing = new AbortController();
  const base = new URL(url);
  return {
    host: base.host,
    ask: ({ method = "GET", path, search = "", body }, context) => {
      const at = new URL(base);
      at.pathname = `${base.pathname.replace(/\/$/, "")}/${path}`;
      at.search = search;
      at.hash = "";
      return exchange({
        url: at,
        method,
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
        headers: {
          ...headers,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        until: [context.signal, closing.signal],
        timeoutMs: Math.max(1, Math.floor(context.timeoutMs)),
        maxBytes,
        beyond: "fail",
      });
    },
    close: () => closing.abort(new Error("the client was closed")),
  };
}

export const isSuccess = ({ status }: Exchange): boolean => status >= 200 && status <= 299;

/** An answer that is no success, with the service's own words. `credentials`: what is said where they were refused. */
export function refusalOf(
  place: string,
  { status, body }: Exchange,
  credentials = "our credentials were not accepted",
): DiagError {
  const words = clip(
    body
      .slice(0, 4_000)
      .replace(/\s{1,100}/g, " ")
      .trim(),
    200,
  );
  const more = { detail: String(status), said: { status: String(status), body: words } };
  const tail = words === "" ? "" : `: ${words}`;
  return status === 401 || status === 403
    ? new DiagError("target_auth", `${place}: ${credentials} (HTTP ${status})${tail}`, more)
    : new DiagError("target_error", `${place}: HTTP ${status}${tail}`, more);
}
