import {
  chosenOf,
  count,
  type Evidence,
  jaeger,
  type OutputOf,
  orThreshold,
  type RunContext,
  rows,
  runbookOn,
  sayPercent,
  saySeconds,
  z,
} from "../../src/sdk/index.ts";
import { dominantOf, gapOf, repeatedOf, retriedOf, type SlowTrace } from "./common.ts";

type Found = OutputOf<typeof jaeger.slowTraces>;

/** Where the time of slow requests goes: the step on the critical path, one query per row, tries that fail, or what no span tells. */
const book = runbookOn(
  "jaeger",
  {
    id: "slow-traces",
    title: "Slow traces",
    covers: ["sergas-agents.distributed-tracing", "sergas-agents.n-plus-one", "sergas-agents.slow-responses"],
    params: z.object({
      service: z.string().max(200).optional().describe("whose traces; empty: `service:` of the connection"),
      seconds: orThreshold(
        "p95Seconds",
        "seconds from which a request is slow",
        z.number().min(0.001).max(3_600),
      ),
      minutes: z.int().min(1).max(1_440).default(60).describe("how far back"),
      times: z
        .int()
        .min(3)
        .max(10_000)
        .default(10)
        .describe("equal steps one after another from which they are too many"),
    }),
    fromAlert: (labels) => ({ service: labels.service ?? labels.service_name }),
  },
  () => ({ services: jaeger.services() }),
).andThen(["services"], ({ services }, context) => {
  const service = serviceOf(context, services.services);
  const { seconds, minutes } = context.params;
  return service === undefined ? {} : { found: jaeger.slowTraces({ service, seconds, minutes }) };
});

/** The one that is named, that of the connection, or the only one there is. */
function serviceOf(
  context: Pick<RunContext<{ service?: string | undefined }>, "params" | "system" | "uses" | "alert">,
  all: readonly string[],
): string | undefined {
  const configured = chosenOf(context, "jaeger")?.about?.service;
  const others = all.filter((name) => !/^jaeger(-|$)/.test(name));
  const named = context.params.service;
  // `service` of an alert is often that of Kubernetes or of a scrape: one that has no traces is not the one that is meant.
  const isMeant = context.alert === undefined || (named !== undefined && all.includes(named));
  return (
    (isMeant ? named : undefined) ??
    (typeof configured === "string" ? configured : undefined) ??
    (others.length === 1 ? others[0] : undefined) ??
    (others.length === 0 ? named : undefined)
  );
}

const SAMPLED = "Only traces that were sampled and kept are seen, so how often it happens they do not say.";

/** Where people see a trace of the connection that was asked. */
const pageIn = (context: Pick<RunContext, "system" | "uses">): string => {
  const page = chosenOf(context, "jaeger")?.about?.page;
  return typeof page === "string" ? page : "";
};

/** `page`: where people see one, with `{trace}` for its id; empty: nowhere that is known. */
const shown = (traces: readonly SlowTrace[], page: string): Evidence =>
  rows("", traces, {
    trace: (one) => one.id,
    took: (one) => saySeconds(one.seconds),
    request: (one) => `${one.service} ${one.name}`,
    "most of it in": (one) =>
      one.path[0] === undefined
        ? "–"
        : `${one.path[0].service} ${one.path[0].name}, ${sayPercent(one.path[0].share)}`,
    spans: (one) => one.spans,
    errors: (one) => one.errors.join(", "),
    at: (one) => one.at.slice(0, 19),
    ...(page === ""
      ? {}
      : { page: (one: SlowTrace) => page.replaceAll("{trace}", encodeURIComponent(one.id)) }),
  });

const steps = (of: SlowTrace): Evidence =>
  rows(`critical path of ${of.id}`, of.path, {
    step: (one) => `${one.service} ${one.name}`,
    asks: (one) => one.asks,
    holds: (one) => saySeconds(one.seconds),
    share: (one) => sayPercent(one.share),
  });

const sayOf = ({ traces }: Found, n: number): string => `${n} of ${count(traces.length, "slow trace")}`;

export const slowTraces = book
  .remedies({
    lookThere: book.advises("Look at the step that holds it up", "low", ({ found }) => {
      const worst = found === undefined ? undefined : dominantOf(found.traces);
      return worst === undefined
        ? "Nothing holds up most of them."
        : `Look at ${worst.service} ${worst.name}${worst.asks === "" ? "" : ` (“${worst.asks}”)`}: its own runbook (a database, a cache, an external service) says why it takes so long. Steps that are not on the critical path make nothing quicker.`;
    }),
    batch: book.advises("Ask once for all", "low", ({ found }, { params }) => {
      const worst = found === undefined ? undefined : repeatedOf(found.traces, params.times);
      return `${worst === undefined ? "" : `Below ${worst.below}: `}load them together (a join, \`WHERE id IN (…)\`, eager loading or a loader that batches; \`select_related\`, \`joinedload\`, \`includes\`) instead of one by one in a loop. An index does not help: each of them is quick. What runs in parallel already is not meant.`;
    }),
    fewerTries: book.advises(
      "Look at why the tries fail",
      "low",
      "The callee's errors come first: its log, its limits, its time-outs. Tries one after another without a growing pause make an overloaded callee slower still; one deadline for all tries together keeps the request short.",
    ),
    tellGap: book.advises(
      "Find out what it does there",
      "low",
      "Either it waits for something that is not instrumented (a connection of a pool, a lock, a queue, DNS), or it computes (CPU, garbage collection, serialising), or a library's spans are missing. To tell them apart: CPU of the process then, waiting of its pools, and a span around that part.",
    ),
    sendTraces: book.advises("Find out why there are none", "low", ({ services }, { params }) => {
      const all = services?.services ?? [];
      return `There are traces of: ${all.slice(0, 10).join(", ") || "nobody"}. Does ${params.service ?? "the service"} have an exporter that points here (\`OTEL_EXPORTER_OTLP_ENDPOINT\`, \`OTEL_SERVICE_NAME\`), does the collector take it (its log, \`otelcol_exporter_send_failed_spans\`), and does the sampler keep any?`;
    }),
  })
  .findings((find) => [
    find(["services", "found?"], ({ services, found }, context) => {
      if (found !== undefined) return undefined;
      if (serviceOf(context, services.services) !== undefined) return undefined;
      return {
        id: "which-service",
        severity: "info",
        title: `Traces of which service? There are ${count(services.total, "service")}`,
        because: `Nothing was looked at: say \`service=…\`, or \`service:\` of the connection. ${services.services.slice(0, 10).join(", ")}`,
        remedies: services.total === 0 ? ["sendTraces"] : [],
      };
    }),
    find(
      ["found", "services"],
      ({ found, services }) =>
        found.any === false && {
          id: "no-traces",
          severity: "warning",
          title: `There are no traces of ${found.service} of the last ${found.minutes} min`,
          because: services.services.includes(found.service)
            ? "There were some before. Either it got no request, or its traces do not arrive any more, or none was sampled: that is not known to be well."
            : "There are none at all: it is not instrumented, has another name, or what it sends does not arrive.",
          remedies: ["sendTraces" as const],
        },
    ),
    find(["found"], ({ found }, context) => {
      const worst = repeatedOf(found.traces, context.params.times);
      return (
        worst !== undefined && {
          id: "one-by-one",
          severity: "warning",
          title: `${worst.service} ${worst.name}: ${worst.times} times one after another in one request`,
          because: `Below ${worst.below}, ${sayPercent(worst.share)} of the request (${saySeconds(worst.seconds)}), each about ${saySeconds(worst.seconds / worst.times)}; in ${sayOf(found, worst.traces)}.${worst.asks === "" ? "" : ` The same each time: “${worst.asks}”.`} ${SAMPLED}`,
          evidence: [shown(found.traces, pageIn(context))],
          explains: ["holds-up"],
          remedies: ["batch" as const],
        }
      );
    }),
    find(["found"], ({ found }, context) => {
      const worst = retriedOf(found.traces);
      return (
        worst !== undefined && {
          id: "tried-again",
          severity: "warning",
          title: `${worst.service} ${worst.name} fails and is tried again: ${worst.failed} of ${worst.times} in one request`,
          because: `The tries take ${sayPercent(worst.share)} of the request; in ${sayOf(found, worst.traces)}. ${SAMPLED}`,
          evidence: [shown(found.traces, pageIn(context))],
          explains: ["holds-up"],
          remedies: ["fewerTries" as const],
        }
      );
    }),
    find(["found"], ({ found }) => {
      const worst = gapOf(found.traces);
      return (
        worst !== undefined && {
          id: "untold",
          severity: "warning",
          title: `${worst.service} ${worst.name}: ${saySeconds(worst.seconds)} that no span tells`,
          because: `In ${sayOf(found, worst.traces)} it has steps below it, and for ${sayPercent(worst.share)} of the request none of them runs. ${SAMPLED}`,
          evidence: found.traces[0] === undefined ? [] : [steps(found.traces[0])],
          explains: ["holds-up"],
          remedies: ["tellGap" as const],
        }
      );
    }),
    find(["found"], ({ found }, context) => {
      const [slowest] = found.traces;
      if (slowest === undefined) return undefined;
      const worst = dominantOf(found.traces);
      const incomplete = found.traces.filter((one) => one.incomplete).length;
      return {
        id: "holds-up",
        severity: "warning",
        title:
          worst === undefined
            ? `${count(found.found, "slow trace")} of ${found.service}, the slowest ${saySeconds(slowest.seconds)}; nothing holds up most of them`
            : `${worst.service} ${worst.name} holds up ${sayOf(found, worst.traces)} of ${found.service}: ${sayPercent(worst.share)} of their time`,
        because: `On the critical path, without what it waits for itself. ${SAMPLED}${incomplete === 0 ? "" : ` Of ${incomplete} a part is missing.`}`,
        evidence: [shown(found.traces, pageIn(context)), steps(slowest)],
        remedies: worst === undefined ? [] : ["lookThere"],
      };
    }),
  ]);
