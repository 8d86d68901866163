import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { type Analysis, analyse } from "./analyse.ts";
import type { TraceClient } from "./client.ts";

const { read } = actionsOn<TraceClient>("jaeger");

const MOST_ASKED = 100;
const MOST_KEPT = 20;

const Part = z.object({
  service: z.string(),
  name: z.string(),
  /** A statement or route without its values; empty: the span does not say. */
  asks: z.string(),
  seconds: z.number(),
  /** Of the whole trace, 0..1. */
  share: z.number(),
});
const Trace = z.object({
  id: z.string(),
  at: z.string(),
  seconds: z.number(),
  service: z.string(),
  name: z.string(),
  spans: z.int(),
  errors: z.array(z.string()).max(5),
  path: z.array(Part).max(8),
  /** Equal steps one after another below one step. */
  repeated: z
    .array(
      z.object({
        service: z.string(),
        name: z.string(),
        asks: z.string(),
        below: z.string(),
        times: z.int(),
        failed: z.int(),
        seconds: z.number(),
        share: z.number(),
      }),
    )
    .max(5),
  /** Time in which a step with others below it does something that no span tells. */
  gaps: z.array(Part).max(3),
  /** Its parts have no beginning: not all of it was sampled, sent or has arrived. */
  incomplete: z.boolean(),
});
export type SlowTrace = z.output<typeof Trace>;

/**
 * Traces with a span of the service that took so long, slowest first, each with its critical path (the time each step holds the
 * request up, which adds up to the whole), equal steps one after another, and gaps that no span tells. Both stores give some
 * traces that fit, not the slowest, and only what was sampled. `any`: traces of the service in that time, slow or not.
 * sergas-agents.distributed-tracing, sergas-agents.n-plus-one; trap jaeger-api.
 */
export const slowTraces = read({
  name: "jaeger.slow-traces",
  title: "Slow traces, and where their time went",
  timeoutSeconds: 40,
  input: z.object({
    service: z.string().min(1).max(200),
    seconds: z.number().min(0.001).max(3_600).default(2),
    minutes: z.int().min(1).max(1_440).default(60),
  }),
  output: z.object({
    service: z.string(),
    minutes: z.int(),
    found: z.int(),
    /** Whether there is any trace of it in that time; null: slow ones were found, so nobody asked. */
    any: z.boolean().nullable(),
    traces: z.array(Trace).max(MOST_KEPT),
    notSeen,
  }),
  run: async (client, { service, seconds, minutes }, context) => {
    const to = Date.now() / 1000;
    const span = { service, from: to - minutes * 60, to };
    const { traces, more, unread } = await client.search({ ...span, seconds, limit: MOST_ASKED }, context);
    const analysed = traces
      .flatMap((trace) => analyse(trace) ?? [])
      .toSorted((a, b) => b.duration - a.duration);
    const any =
      traces.length > 0
        ? null
        : (await client.search({ ...span, seconds: 0, limit: 1 }, context)).traces.length > 0;
    const unseen: NotSeen[] = [];
    if (more)
      unseen.push({
        what: "further slow traces",
        why: "the store gives some that fit, not the slowest",
        fix: "ask for fewer minutes, or more seconds",
      });
    if (unread > 0)
      unseen.push({ what: `${unread} traces that were found`, why: "they could not be read whole" });
    return {
      service,
      minutes,
      found: analysed.length,
      any,
      traces: analysed.slice(0, MOST_KEPT).map(shownOf),
      ...(unseen.length === 0 ? {} : { notSeen: unseen }),
    };
  },
});

function shownOf({
  id,
  root,
  duration,
  start,
  spans,
  errors,
  path,
  repeated,
  gaps,
  orphans,
}: Analysis): SlowTrace {
  const shared = <T extends { readonly time: number }>({ time, ...rest }: T) => ({
    ...rest,
    seconds: time / 1e6,
    share: duration === 0 ? 0 : time / duration,
  });
  return {
    id,
    at: new Date(start / 1000).toISOString(),
    seconds: duration / 1e6,
    service: root.service,
    name: root.name,
    spans,
    errors: [...new Set(errors.map((one) => clip(`${one.service} ${one.name}`, 200)))].slice(0, 5),
    path: path.slice(0, 8).map(shared),
    repeated: repeated
      .toSorted((a, b) => b.time - a.time)
      .slice(0, 5)
      .map(shared),
    gaps: gaps.slice(0, 3).map(shared),
    incomplete: orphans > 0,
  };
}

/** Whether the store answers, and whose traces it has. */
export const services = read({
  name: "jaeger.services",
  title: "Services that have traces",
  input: z.object({}),
  output: z.object({ ms: z.number(), total: z.int(), services: z.array(z.string()).max(500) }),
  run: async (client, _input, context) => {
    const begun = performance.now();
    const all = await client.services(context);
    return { ms: performance.now() - begun, total: all.length, services: all.slice(0, 500) };
  },
});
