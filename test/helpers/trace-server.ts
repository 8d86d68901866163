import { type TestServer, webServer } from "./web-server.ts";

/** A span as tests write it; milliseconds from the begin of its trace. */
export interface LabSpan {
  readonly id: string;
  readonly parent?: string;
  readonly service: string;
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly tags?: Readonly<Record<string, string | number | boolean>>;
}

export interface LabTrace {
  readonly id: string;
  /** Unix seconds. */
  readonly at: number;
  readonly spans: readonly LabSpan[];
}

export interface EmulatedTraces extends TestServer {
  traces: LabTrace[];
  readonly asked: URL[];
  /** A token that is wanted in the header `authorization`; undefined: none. */
  token: string | undefined;
}

/**
 * An emulated store of traces: neither Jaeger nor Tempo can be had where the tests run. Answers in the shapes of Jaeger's query API (its
 * fixtures otlp2jaeger-out.json and domain_01.json) and of Tempo's (its API documentation; OTLP as JSON). Like them it gives
 * the latest traces that fit, not the slowest; of TraceQL it knows the one question that is asked.
 */
export async function emulatedTraces(api: "jaeger" | "tempo"): Promise<EmulatedTraces> {
  const state = { traces: [] as LabTrace[], asked: [] as URL[], token: undefined as string | undefined };
  const server = await webServer((request, answer) => {
    const url = new URL(request.url ?? "/", "http://traces");
    state.asked.push(url);
    const send = (status: number, body: unknown) =>
      answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (state.token !== undefined && request.headers.authorization !== state.token) {
      send(401, { error: "unauthorized" });
      return;
    }
    const made = (api === "tempo" ? tempo : jaeger)(url, state.traces);
    if (made === undefined) send(404, { error: "not found" });
    else send(200, made);
  });
  return Object.assign(state, server);
}

const latest = (traces: readonly LabTrace[]): LabTrace[] => traces.toSorted((a, b) => b.at - a.at);

function jaeger(url: URL, traces: readonly LabTrace[]): unknown {
  const of = (name: string) => url.searchParams.get(name) ?? "";
  const services = [...new Set(traces.flatMap(({ spans }) => spans.map(({ service }) => service)))];
  const body = (data: unknown) => ({ data, total: 0, limit: 0, offset: 0, errors: null });
  if (url.pathname === "/api/services") return body(services);
  if (url.pathname !== "/api/traces") return undefined;
  const least = Number(/^(\d+)us$/.exec(of("minDuration"))?.[1] ?? 0) / 1000;
  const found = latest(traces).filter(
    ({ at, spans }) =>
      at * 1e6 >= Number(of("start")) &&
      at * 1e6 <= Number(of("end")) &&
      spans.some(({ service, from, to }) => service === of("service") && to - from >= least),
  );
  return body(found.slice(0, Number(of("limit"))).map(jaegerTrace));
}

function jaegerTrace({ id, at, spans }: LabTrace) {
  const services = [...new Set(spans.map(({ service }) => service))];
  return {
    traceID: id,
    spans: spans.map((one) => ({
      traceID: id,
      spanID: one.id,
      operationName: one.name,
      references: one.parent === undefined ? [] : [{ refType: "CHILD_OF", traceID: id, spanID: one.parent }],
      startTime: Math.round(at * 1e6 + one.from * 1000),
      duration: (one.to - one.from) * 1000,
      tags: Object.entries(one.tags ?? {}).map(([key, value]) => ({ key, type: typeof value, value })),
      logs: [],
      processID: `p${services.indexOf(one.service) + 1}`,
      warnings: null,
    })),
    processes: Object.fromEntries(
      services.map((serviceName, at_) => [`p${at_ + 1}`, { serviceName, tags: [] }]),
    ),
    warnings: null,
  };
}

function tempo(url: URL, traces: readonly LabTrace[]): unknown {
  if (url.pathname === "/api/search/tag/service.name/values")
    return {
      tagValues: [...new Set(traces.flatMap(({ spans }) => spans.map(({ service }) => service)))],
      metrics: {},
    };
  if (url.pathname === "/api/search") return { traces: tempoSearch(url.searchParams, traces), metrics: {} };
  const id = /^\/api\/traces\/(\w+)$/.exec(url.pathname)?.[1];
  const found = traces.find((one) => one.id === id);
  return found === undefined ? undefined : otlp(found);
}

function tempoSearch(params: URLSearchParams, traces: readonly LabTrace[]) {
  const asked = /^\{ resource\.service\.name = ("(?:[^"\\]|\\.)*")(?: && duration >= (\d+)ms)? \}$/.exec(
    params.get("q") ?? "",
  );
  if (asked === null) return [];
  const service = JSON.parse(asked[1] ?? '""');
  return latest(traces)
    .filter(({ at }) => at >= Number(params.get("start")) && at <= Number(params.get("end")))
    .filter(({ spans }) =>
      spans.some((one) => one.service === service && one.to - one.from >= Number(asked[2] ?? 0)),
    )
    .slice(0, Number(params.get("limit")))
    .map(({ id, at, spans }) => ({
      traceID: id,
      rootServiceName: spans[0]?.service,
      rootTraceName: spans[0]?.name,
      startTimeUnixNano: `${Math.round(at * 1e6)}000`,
      durationMs: Math.max(...spans.map(({ to }) => to)),
    }));
}

function otlp({ id, at, spans }: LabTrace) {
  const nano = (milliseconds: number): string => `${Math.round(at * 1e6 + milliseconds * 1000)}000`;
  const value = (of: string | number | boolean) =>
    typeof of === "string"
      ? { stringValue: of }
      : typeof of === "boolean"
        ? { boolValue: of }
        : { intValue: String(of) };
  return {
    batches: spans.map((one) => ({
      resource: { attributes: [{ key: "service.name", value: { stringValue: one.service } }] },
      scopeSpans: [
        {
          scope: {},
          spans: [
            {
              traceId: id,
              spanId: one.id,
              ...(one.parent === undefined ? {} : { parentSpanId: one.parent }),
              name: one.name,
              kind: "SPAN_KIND_SERVER",
              startTimeUnixNano: nano(one.from),
              endTimeUnixNano: nano(one.to),
              attributes: Object.entries(one.tags ?? {}).map(([key, of]) => ({ key, value: value(of) })),
              status: one.tags?.error === true ? { code: "STATUS_CODE_ERROR" } : {},
            },
          ],
        },
      ],
    })),
  };
}
