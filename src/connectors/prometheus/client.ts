import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import { type Exchange, exchange } from "../exchange.ts";
import { type Matcher, matchersOf, selector } from "./promql.ts";
import type { PrometheusSettings } from "./settings.ts";

const ANSWER_BYTES = 8 * 1024 * 1024;

export type Labels = Readonly<Record<string, string>>;
/** One series of an instant answer; NaN and infinities as JavaScript has them. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}
/** One series of a range answer: [unix seconds, value]; steps without a value are absent. */
export interface Series {
  readonly labels: Labels;
  readonly points: readonly (readonly [number, number])[];
}
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** One Prometheus (or what speaks its HTTP API v1), seen through the connection's label matchers. */
export interface PrometheusClient {
  readonly metrics: PrometheusSettings["metrics"];
  readonly labels: Labels;
  /** `metric{<the connection's labels>,<more>}`. */
  select(metric: string, more?: readonly Matcher[]): string;
  /** A scalar is one series without labels. */
  instant(query: string, context: ActionContext): Promise<readonly Sample[]>;
  range(query: string, span: Span, context: ActionContext): Promise<readonly Series[]>;
  /** `data` of any other endpoint below /api/v1/, unchecked. */
  get(path: string, params: readonly (readonly [string, string])[], context: ActionContext): Promise<unknown>;
  close(): void;
}

const Answer = z.object({
  status: z.enum(["success", "error"]),
  data: z.unknown().optional(),
  errorType: z.string().optional(),
  error: z.string().optional(),
});
const LabelSet = z.record(z.string(), z.string());
const Value = z.tuple([z.number(), z.string()]);
const Vector = z.object({
  resultType: z.literal("vector"),
  result: z.array(z.object({ metric: LabelSet, value: Value })),
});
const Scalar = z.object({ resultType: z.literal("scalar"), result: Value });
const Instant = z.union([Vector, Scalar]);
const Matrix = z.object({
  resultType: z.literal("matrix"),
  result: z.array(z.object({ metric: LabelSet, values: z.array(Value) })),
});

/** Opens without I/O. API: prometheus.io/docs/prometheus/latest/querying/api. */
export function openPrometheus(connection: PrometheusSettings): PrometheusClient {
  const closing = new AbortController();
  const base = new URL(connection.url);
  const own = matchersOf(connection.labels);
  const get: PrometheusClient["get"] = async (path, params, context) => {
    const url = new URL(base);
    url.pathname = `${base.pathname.replace(/\/$/, "")}/api/v1/${path}`;
    url.search = new URLSearchParams(
      params.map(([name, value]): [string, string] => [name, value]),
    ).toString();
    url.hash = "";
    const answer = await exchange({
      url,
      headers: { ...connection.headers, accept: "application/json" },
      signal: AbortSignal.any([context.signal, closing.signal]),
      timeoutMs: context.timeoutMs,
      maxBytes: ANSWER_BYTES,
      beyond: "fail",
    });
    return dataOf(answer, base.host);
  };
  const limit = (context: ActionContext): [string, string] => [
    "timeout",
    `${Math.ceil(context.timeoutMs)}ms`,
  ];
  return {
    metrics: connection.metrics,
    labels: connection.labels,
    select: (metric, more = []) => selector(metric, [...own, ...more]),
    get,
    instant: async (query, context) => {
      const data = await get("query", [["query", query], limit(context)], context);
      const answer = checked(Instant, data);
      if (answer.resultType === "scalar") return [{ labels: {}, value: toNumber(answer.result[1]) }];
      return answer.result.map(({ metric, value }) => ({ labels: metric, value: toNumber(value[1]) }));
    },
    range: async (query, { start, end, step }, context) => {
      const times: [string, string][] = [
        ["start", String(start)],
        ["end", String(end)],
        ["step", String(step)],
      ];
      const data = await get("query_range", [["query", query], ...times, limit(context)], context);
      return checked(Matrix, data).result.map(({ metric, values }) => ({
        labels: metric,
        points: values.map(([at, value]) => [at, toNumber(value)] as const),
      }));
    },
    close: () => closing.abort(new Error("the client was closed")),
  };
}

/** The `data` of an API answer; anything but `success` throws (trap prom-curl-glob: an error must not read as "nothing"). */
function dataOf(answer: Exchange, host: string): unknown {
  const detail = String(answer.status);
  if (answer.status === 401 || answer.status === 403)
    throw new DiagError(
      "target_auth",
      `${host}: Prometheus did not accept our credentials (HTTP ${detail})`,
      {
        detail,
      },
    );
  const parsed = Answer.safeParse(parseJson(answer.body));
  if (!parsed.success) {
    if (answer.status >= 200 && answer.status < 300)
      throw new DiagError("target_error", `${host}: the answer is not of the Prometheus API`, { detail });
    const words = clip(answer.body.replace(/\s+/g, " ").trim(), 160);
    throw new DiagError("target_error", `${host}: HTTP ${detail}${words === "" ? "" : `: ${words}`}`, {
      detail,
    });
  }
  const { status, data, errorType = "error", error = "no reason given" } = parsed.data;
  if (status === "success") return data;
  const code = errorType === "timeout" ? "timeout" : "target_error";
  throw new DiagError(code, `${host}: ${errorType}: ${clip(error, 300)}`, { detail: errorType });
}

function checked<T extends z.ZodType>(shape: T, data: unknown): z.output<T> {
  const parsed = shape.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new DiagError(
    "bad_output",
    `Prometheus: ${clip(parsed.error.issues[0]?.message ?? "bad answer", 200)}`,
  );
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Prometheus writes numbers as text: `NaN`, `+Inf` and `-Inf` among them. */
const toNumber = (text: string): number =>
  text === "+Inf" || text === "Inf" ? Number.POSITIVE_INFINITY : text === "-Inf" ? -Infinity : Number(text);
