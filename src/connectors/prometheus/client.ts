import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import { type Exchange, exchange } from "../exchange.ts";
import type { Bucket } from "./buckets.ts";
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
export interface Histogram {
  readonly labels: Labels;
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly Bucket[];
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
  /** Native histograms of an instant answer, as buckets. */
  histograms(query: string, context: ActionContext): Promise<readonly Histogram[]>;
  range(query: string, span: Span, context: ActionContext): Promise<readonly Series[]>;
  /** The same client; what it is told beside an answer that is not whole goes to `note`. */
  noting(note: (partial: string) => void): PrometheusClient;
  /** `data` of any other endpoint below /api/v1/, unchecked. */
  get(path: string, params: readonly (readonly [string, string])[], context: ActionContext): Promise<unknown>;
  close(): void;
}

const Answer = z.object({
  status: z.enum(["success", "error"]),
  data: z.unknown().optional(),
  errorType: z.string().optional(),
  error: z.string().optional(),
  /** Thanos, Mimir, Prometheus with remote read: stores that did not answer. Also remarks on the question itself. */
  warnings: z.array(z.string()).nullish(),
  /** VictoriaMetrics: not every storage node answered. */
  isPartial: z.boolean().nullish(),
});
const LabelSet = z.record(z.string(), z.string());
const Value = z.tuple([z.number(), z.string()]);
const NativeHistogram = z.object({
  count: z.string(),
  sum: z.string(),
  /** Which bounds belong to the bucket, its bounds, its count. */
  buckets: z.array(z.tuple([z.number(), z.string(), z.string(), z.string()])).default([]),
});
const Vector = z.object({
  resultType: z.literal("vector"),
  result: z.array(
    z.object({
      metric: LabelSet,
      value: Value.optional(),
      histogram: z.tuple([z.number(), NativeHistogram]).optional(),
    }),
  ),
});
const Scalar = z.object({ resultType: z.literal("scalar"), result: Value });
const Instant = z.union([Vector, Scalar]);
const Matrix = z.object({
  resultType: z.literal("matrix"),
  result: z.array(z.object({ metric: LabelSet, values: z.array(Value) })),
});

const REPLAY = "status/walreplay";
/** Of `/api/v1/status/walreplay`, which is answered before all else. */
const WalReplay = z.object({ min: z.number(), max: z.number(), current: z.number() });

/** Opens without I/O. API: prometheus.io/docs/prometheus/latest/querying/api. */
export const openPrometheus = (connection: PrometheusSettings): PrometheusClient =>
  clientOf(connection, new AbortController(), () => {});

function clientOf(
  connection: PrometheusSettings,
  closing: AbortController,
  note: (partial: string) => void,
): PrometheusClient {
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
      until: [context.signal, closing.signal],
      timeoutMs: context.timeoutMs,
      maxBytes: ANSWER_BYTES,
      beyond: "fail",
    });
    const also = answer.status === 503 && path !== REPLAY ? await replayed(context) : {};
    return dataOf(answer, base.host, note, also);
  };
  /** How far a server that is not ready has read its log again: the one thing it answers then. */
  const replayed = async (context: ActionContext): Promise<Record<string, string>> => {
    const said = WalReplay.safeParse(await get(REPLAY, [], context).catch(() => undefined)).data;
    if (said === undefined || said.max <= said.min) return {};
    return { replay: `${said.current - said.min} of ${said.max - said.min} segments` };
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
      return answer.result.flatMap(({ metric, value }) =>
        value === undefined ? [] : [{ labels: metric, value: toNumber(value[1]) }],
      );
    },
    histograms: async (query, context) => {
      const answer = checked(Vector, await get("query", [["query", query], limit(context)], context));
      return answer.result.flatMap(({ metric, histogram }) =>
        histogram === undefined ? [] : [{ labels: metric, ...plain(histogram[1]) }],
      );
    },
    noting: (also) => clientOf(connection, closing, also),
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

/** Remarks on the question are no gap in the answer. */
const REMARK = /^PromQL (?:info|warning):/;

/** The `data` of an API answer; anything but `success` throws (trap prom-curl-glob: an error must not read as "nothing"). */
function dataOf(
  answer: Exchange,
  host: string,
  note: (partial: string) => void,
  also: Readonly<Record<string, string>>,
): unknown {
  const status = String(answer.status);
  const parsed = Answer.safeParse(parseJson(answer.body));
  const words = clip(answer.body.slice(0, 4_000).replace(/\s+/g, " ").trim(), 160);
  const said = { status, body: words, ...also };
  if (answer.status === 401 || answer.status === 403)
    throw new DiagError(
      "target_auth",
      `${host}: Prometheus did not accept our credentials (HTTP ${status})`,
      {
        detail: status,
        said,
      },
    );
  if (!parsed.success) {
    if (answer.status >= 200 && answer.status < 300)
      throw new DiagError("target_error", `${host}: the answer is not of the Prometheus API`, {
        detail: status,
        said,
      });
    throw new DiagError("target_error", `${host}: HTTP ${status}${words === "" ? "" : `: ${words}`}`, {
      detail: status,
      said,
    });
  }
  const { data, errorType = "error", error = "no reason given", warnings, isPartial } = parsed.data;
  for (const warning of warnings ?? []) if (!REMARK.test(warning)) note(clip(warning, 300));
  if (isPartial === true) note("a storage node did not answer (isPartial)");
  if (parsed.data.status === "success") return data;
  const code = errorType === "timeout" ? "timeout" : "target_error";
  throw new DiagError(code, `${host}: ${errorType}: ${clip(error, 300)}`, {
    detail: errorType,
    said: { status },
  });
}

const plain = ({ count, sum, buckets }: z.output<typeof NativeHistogram>): Omit<Histogram, "labels"> => ({
  count: toNumber(count),
  sum: toNumber(sum),
  buckets: buckets.map(([, from, to, rate]) => ({
    from: toNumber(from),
    to: toNumber(to),
    rate: toNumber(rate),
  })),
});

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
