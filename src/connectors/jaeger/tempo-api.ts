import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import type { FoundTraces, GetJson, TraceApi, Wanted } from "./api.ts";
import { type Attributes, asksOf, type Span, saysError, type Trace } from "./span.ts";

/** Whole traces come one by one: more are not fetched. */
const MOST_FETCHED = 20;

const Search = z.object({
  traces: z.array(z.object({ traceID: z.string(), durationMs: z.number().default(0) })).nullish(),
});
const Values = z.object({ tagValues: z.array(z.unknown()).nullish() });
const Attribute = z.object({
  key: z.string(),
  value: z.record(z.string(), z.unknown()).nullish(),
});
const Nanoseconds = z.union([z.string(), z.number()]);
const OtlpSpan = z.object({
  spanId: z.string(),
  parentSpanId: z.string().nullish(),
  name: z.string().default(""),
  startTimeUnixNano: Nanoseconds,
  endTimeUnixNano: Nanoseconds,
  attributes: z.array(Attribute).nullish(),
  status: z.object({ code: z.union([z.string(), z.number()]).optional() }).nullish(),
});
const Scope = z.object({ spans: z.array(OtlpSpan).nullish() });
const Batch = z.object({
  resource: z.object({ attributes: z.array(Attribute).nullish() }).nullish(),
  scopeSpans: z.array(Scope).nullish(),
  instrumentationLibrarySpans: z.array(Scope).nullish(),
});
/** OTLP as JSON: `batches` of Tempo, `resourceSpans` as the standard has it; `trace` around it in its version 2. */
const Otlp = z.object({ batches: z.array(Batch).nullish(), resourceSpans: z.array(Batch).nullish() });

/** Text within TraceQL, quoted as Go quotes it. */
export const traceqlText = (text: string): string =>
  `"${text.replace(/[\\"]/g, "\\$&").replace(/\p{Cc}/gu, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`;

/** The question in TraceQL: closed but for the service's name. */
export const traceqlOf = ({ service, seconds }: Pick<Wanted, "service" | "seconds">): string => {
  const slow = seconds > 0 ? ` && duration >= ${Math.round(seconds * 1_000)}ms` : "";
  return `{ resource.service.name = ${traceqlText(service)}${slow} }`;
};

/** Grafana Tempo: grafana.com/docs/tempo/latest/api_docs. A search gives some traces that fit, not the slowest. */
export const tempoApi = (get: GetJson): TraceApi => ({
  services: async (context) => {
    const { tagValues } = parsed(Values, await get("search/tag/service.name/values", {}, context));
    return (tagValues ?? []).flatMap((one) => (typeof one === "string" ? [clip(one, 200)] : []));
  },
  search: (wanted, context) => search(get, wanted, context),
});

async function search(get: GetJson, wanted: Wanted, context: ActionContext): Promise<FoundTraces> {
  const answer = await get(
    "search",
    {
      q: traceqlOf(wanted),
      start: String(Math.floor(wanted.from)),
      end: String(Math.ceil(wanted.to)),
      limit: String(wanted.limit),
    },
    context,
  );
  const found = (parsed(Search, answer).traces ?? []).toSorted((a, b) => b.durationMs - a.durationMs);
  const traces: Trace[] = [];
  const asked = found.slice(0, Math.min(MOST_FETCHED, wanted.limit));
  for (const { traceID } of asked) {
    const whole = await get(`traces/${encodeURIComponent(traceID)}`, {}, context).catch((thrown: unknown) => {
      // It may be gone, or larger than anybody wants; the others are looked at.
      if (thrown instanceof DiagError && ["target_error", "output_too_large"].includes(thrown.code))
        return undefined;
      throw thrown;
    });
    const otlp = Otlp.safeParse(whole);
    if (otlp.success) traces.push(traceOf(traceID, otlp.data));
  }
  return {
    traces,
    more: found.length >= wanted.limit || found.length > asked.length,
    unread: asked.length - traces.length,
  };
}

function parsed<T extends z.ZodType>(shape: T, answer: unknown): z.output<T> {
  const made = shape.safeParse(answer);
  if (made.success) return made.data;
  throw new DiagError("target_error", "the answer is not of Tempo's API", { detail: "not-tempo" });
}

const traceOf = (id: string, { batches, resourceSpans }: z.output<typeof Otlp>): Trace => ({
  id: clip(id, 64),
  spans: [...(batches ?? []), ...(resourceSpans ?? [])].flatMap((batch) => {
    const service = attributesOf(batch.resource?.attributes).get("service.name") ?? "?";
    const scopes = [...(batch.scopeSpans ?? []), ...(batch.instrumentationLibrarySpans ?? [])];
    return scopes.flatMap(({ spans }) => (spans ?? []).map((one) => spanOf(one, clip(service, 120))));
  }),
});

function spanOf(one: z.output<typeof OtlpSpan>, service: string): Span {
  const attributes = attributesOf(one.attributes);
  const code = one.status?.code;
  return {
    id: one.spanId,
    parent: one.parentSpanId == null || one.parentSpanId === "" ? undefined : one.parentSpanId,
    service,
    name: clip(one.name, 120),
    start: microseconds(one.startTimeUnixNano),
    end: microseconds(one.endTimeUnixNano),
    isError: code === 2 || code === "STATUS_CODE_ERROR" || saysError(attributes),
    asks: asksOf(attributes),
  };
}

/** Nanoseconds come as text, being beyond what a number holds. */
const microseconds = (nanoseconds: string | number): number =>
  typeof nanoseconds === "number" ? nanoseconds / 1000 : Number(nanoseconds.slice(0, -3) || "0");

const attributesOf = (list: readonly z.output<typeof Attribute>[] | null | undefined): Attributes =>
  new Map((list ?? []).map(({ key, value }) => [key, String(Object.values(value ?? {})[0] ?? "")]));
