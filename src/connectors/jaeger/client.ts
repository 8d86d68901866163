import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import type { Exchange } from "../exchange.ts";
import { isSuccess, openHttpApi, refusalOf } from "../http-api.ts";
import type { GetJson, TraceApi } from "./api.ts";
import { jaegerApi } from "./jaeger-api.ts";
import type { TraceSettings } from "./settings.ts";
import { tempoApi } from "./tempo-api.ts";

/** Most bytes of one answer. */
const MOST_BYTES = 24 * 1024 * 1024;

export interface TraceClient extends TraceApi {
  readonly settings: TraceSettings;
  close(): void;
}

/** Opens without I/O. */
export function openTraces(settings: TraceSettings): TraceClient {
  const api = openHttpApi(
    { url: settings.url, headers: { ...settings.headers, accept: "application/json" } },
    MOST_BYTES,
  );
  const get: GetJson = async (path, params, context) => {
    const search = new URLSearchParams(params).toString();
    const answer = await api.ask({ path: `api/${path}`, search }, context);
    const place = `${api.host}/api/${path.split("/")[0] ?? ""}`;
    if (!isSuccess(answer)) throw refusalOf(place, answer);
    return jsonOf(answer, place);
  };
  return {
    settings,
    ...(settings.api === "tempo" ? tempoApi(get) : jaegerApi(get)),
    close: api.close,
  };
}

function jsonOf({ status, body }: Exchange, place: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // The page of the user interface is answered for any path below a wrong one.
    throw new DiagError("target_error", `${place} was not answered with JSON: is this the query API?`, {
      detail: "not-json",
      said: { status: String(status), body: clip(body.slice(0, 2_000), 200) },
    });
  }
}
