import { z } from "zod";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import type { GetJson, TraceApi } from "./api.ts";
import { type Attributes, asksOf, type Span, saysError, type Trace } from "./span.ts";

const Tag = z.object({ key: z.string(), value: z.unknown() });
const JaegerSpan = z.object({
  spanID: z.string(),
  operationName: z.string(),
  references: z
    .array(z.object({ refType: z.string().optional(), traceID: z.string().optional(), spanID: z.string() }))
    .nullish(),
  /** Of old clients, in place of `references`. */
  parentSpanID: z.string().optional(),
  startTime: z.number(),
  duration: z.number(),
  tags: z.array(Tag).nullish(),
  processID: z.string().optional(),
});
const JaegerTrace = z.object({
  traceID: z.string(),
  spans: z.array(JaegerSpan).nullish(),
  processes: z.record(z.string(), z.object({ serviceName: z.string() })).nullish(),
});
const Answer = z.object({ data: z.array(z.unknown()).nullish() });

/**
 * Jaeger's own HTTP API, that of its user interface: v1, and v2 serves it, too. It gives the latest traces, not the slowest, and takes
 * microseconds (trap jaeger-api). jaegertracing.io/docs/latest/architecture/apis.
 */
export const jaegerApi = (get: GetJson): TraceApi => ({
  services: async (context) => {
    const names = z.array(z.string()).safeParse(listIn(await get("services", {}, context)));
    if (!names.success) throw new DiagError("bad_output", "Jaeger: the answer lists no services");
    return names.data.map((name) => clip(name, 200));
  },
  search: async ({ service, from, to, seconds, limit }, context) => {
    const answer = await get(
      "traces",
      {
        service,
        start: String(Math.floor(from * 1e6)),
        end: String(Math.floor(to * 1e6)),
        limit: String(limit),
        ...(seconds > 0 ? { minDuration: `${Math.round(seconds * 1e6)}us` } : {}),
      },
      context,
    );
    const parsed = listIn(answer).map((one) => JaegerTrace.safeParse(one));
    const traces = parsed.flatMap((one) => (one.success ? [traceOf(one.data)] : []));
    return { traces, more: parsed.length >= limit, unread: parsed.length - traces.length };
  },
});

function listIn(answer: unknown): readonly unknown[] {
  const parsed = Answer.safeParse(answer);
  if (!parsed.success)
    throw new DiagError("target_error", "the answer is not of Jaeger's API", { detail: "not-jaeger" });
  return parsed.data.data ?? [];
}

const traceOf = ({ traceID, spans, processes }: z.output<typeof JaegerTrace>): Trace => ({
  id: clip(traceID, 64),
  spans: (spans ?? []).map((one): Span => {
    const attributes: Attributes = new Map((one.tags ?? []).map(({ key, value }) => [key, String(value)]));
    const parent =
      (one.references ?? []).find((to) => to.traceID === undefined || to.traceID === traceID)?.spanID ??
      one.parentSpanID;
    return {
      id: one.spanID,
      parent: parent === "" ? undefined : parent,
      service: clip(processes?.[one.processID ?? ""]?.serviceName ?? "?", 120),
      name: clip(one.operationName, 120),
      start: one.startTime,
      end: one.startTime + one.duration,
      isError: saysError(attributes),
      asks: asksOf(attributes),
    };
  }),
});
