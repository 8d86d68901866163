import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import type { Exchange } from "../exchange.ts";
import { isSuccess, openHttpApi, refusalOf } from "../http-api.ts";
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
export function openLoki(settings: LokiSettings): LokiClient {
  const api = openHttpApi(
    { url: settings.url, headers: { ...settings.headers, accept: "application/json" } },
    ANSWER_BYTES,
  );
  return {
    labels: settings.labels,
    get: async (path, params, context) => {
      const search = new URLSearchParams(params).toString();
      const answer = await api.ask({ path: `loki/api/v1/${path}`, search }, context);
      if (!isSuccess(answer))
        throw refusalOf(api.host, answer, "Loki did not accept our credentials, or tenant");
      return dataOf(answer, api.host);
    },
    close: api.close,
  };
}

/** A 2xx that is none of its API is another server. */
function dataOf({ status, body }: Exchange, host: string): unknown {
  const parsed = Answer.safeParse(jsonOf(body));
  if (parsed.success) return parsed.data.data;
  throw new DiagError("target_error", `${host}: the answer is not of Loki's API`, {
    detail: String(status),
    said: { status: String(status), body: clip(body.slice(0, 4_000), 200) },
  });
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
