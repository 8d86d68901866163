import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import { type Exchange, exchange } from "../exchange.ts";
import type { LokiSettings } from "./settings.ts";

const ANSWER_BYTES = 16 * 1024 * 1024;

/** One Loki, seen through the connection's labels. API: grafana.com/docs/loki/latest/reference/loki-http-api. */
export interface LokiClient {
  readonly labels: Readonly<Record<string, string>>;
  /** `data` of a GET below /loki/api/v1/. Throws DiagError. */
  get(path: string, params: Readonly<Record<string, string>>, context: ActionContext): Promise<unknown>;
  close(): void;
}

const Answer = z.object({ status: z.literal("success"), data: z.unknown().optional() });

/** Opens without I/O. */
export function openLoki({ url: address, headers, labels }: LokiSettings): LokiClient {
  const base = new URL(address);
  const closing = new AbortController();
  return {
    labels,
    get: async (path, params, context) => {
      const url = new URL(base);
      url.pathname = `${base.pathname.replace(/\/$/, "")}/loki/api/v1/${path}`;
      url.search = new URLSearchParams(params).toString();
      url.hash = "";
      const answer = await exchange({
        url,
        headers: { ...headers, accept: "application/json" },
        signal: AbortSignal.any([context.signal, closing.signal]),
        timeoutMs: context.timeoutMs,
        maxBytes: ANSWER_BYTES,
        beyond: "fail",
      });
      return dataOf(answer, base.host);
    },
    close: () => closing.abort(new Error("the client was closed")),
  };
}

/** Errors of Loki are plain text with a status; 2xx that is none of its API is another server. */
function dataOf({ status, body }: Exchange, host: string): unknown {
  const words = clip(
    body
      .slice(0, 4_000)
      .replace(/\s{1,100}/g, " ")
      .trim(),
    200,
  );
  const more = { detail: String(status), said: { status: String(status), body: words } };
  const tail = words === "" ? "" : `: ${words}`;
  if (status === 401 || status === 403)
    throw new DiagError(
      "target_auth",
      `${host}: Loki did not accept our credentials, or tenant (HTTP ${status})${tail}`,
      more,
    );
  if (status < 200 || status > 299)
    throw new DiagError("target_error", `${host}: HTTP ${status}${tail}`, more);
  const parsed = Answer.safeParse(jsonOf(body));
  if (!parsed.success) throw new DiagError("target_error", `${host}: the answer is not of Loki's API`, more);
  return parsed.data.data;
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
