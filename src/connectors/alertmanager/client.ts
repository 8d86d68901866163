import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { type ApiRequest, isSuccess, openHttpApi, refusalOf } from "../http-api.ts";
import { headers, url } from "../settings.ts";

/** A `kind: alertmanager` connection. */
export const AlertmanagerSettings = z.strictObject({
  /** Its own address, with the prefix of `--web.route-prefix` where it has one. */
  url,
  headers,
  /** Labels of the alerts that are looked at and may be silenced; left out: all. */
  labels: z.record(z.string().regex(/^[a-zA-Z_]\w*$/), z.string().max(200)).default({}),
});
export type AlertmanagerSettings = z.output<typeof AlertmanagerSettings>;

/** One Alertmanager by its API v2 (github.com/prometheus/alertmanager, api/v2/openapi.yaml). */
export interface AlertmanagerClient {
  readonly labels: Readonly<Record<string, string>>;
  /** JSON of a GET below /api/v2/. */
  get(path: string, params: URLSearchParams, context: ActionContext): Promise<unknown>;
  /** Text of its own metrics. */
  metrics(context: ActionContext): Promise<string>;
  /** A write, with JSON in and out where there is any. */
  send(method: "POST" | "DELETE", path: string, body: unknown, context: ActionContext): Promise<unknown>;
  close(): void;
}

const MOST_BYTES = 16 * 1024 * 1024;

/** Opens without I/O. */
export function openAlertmanager(settings: AlertmanagerSettings): AlertmanagerClient {
  const api = openHttpApi(settings, MOST_BYTES);
  const ask = async (request: ApiRequest, context: ActionContext): Promise<string> => {
    const answer = await api.ask(request, context);
    if (!isSuccess(answer)) throw refusalOf(`${api.host}/${request.path}`, answer);
    return answer.body;
  };
  return {
    labels: settings.labels,
    get: async (path, params, context) =>
      jsonOf(await ask({ path: `api/v2/${path}`, search: params.toString() }, context), api.host),
    metrics: (context) => ask({ path: "metrics" }, context),
    send: async (method, path, body, context) => {
      const text = await ask({ method, path: `api/v2/${path}`, body }, context);
      return text.trim() === "" ? null : jsonOf(text, api.host);
    },
    close: api.close,
  };
}

function jsonOf(text: string, host: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DiagError("target_error", `${host} did not answer with JSON: is this Alertmanager's API?`, {
      detail: "not-json",
    });
  }
}
