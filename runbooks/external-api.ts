import { type Finding, http, on, runbook, type Seen, saySeconds, z } from "../src/sdk.ts";
import { chosen, nextStep, type Reached, sayPlace, withEndpoint } from "./network/endpoints.ts";
import {
  type Context,
  findingsOf,
  isClientError,
  plain,
  type Remedy,
  type Sampled,
} from "./support/external-api-findings.ts";
import { PHASE_ADVICE, slowPhase } from "./support/http-samples.ts";

type Sees = Readonly<Record<string, Seen<Sampled>>>;

/** Dependencies marked `external: true`; where none is marked, every http connection. */
const wanted = ({ params, system }: Pick<Context, "params" | "system">): Reached[] => {
  const services = withEndpoint(system.connections).filter(({ kind }) => kind === "http");
  const external = services.filter((face) => face.external === true);
  return chosen(
    params.connection === undefined && external.length > 0 ? external : services,
    params.connection,
  );
};

/** Several timed requests to every external dependency: is it down, refusing, limiting us, or slow, and in which phase? */
export const externalApi = runbook({
  id: "external-api",
  title: "External APIs",
  needs: ["http"],
  covers: [
    "sergas-agents.external-api-slow",
    "sergas-agents.circuit-verify-upstream",
    "ai-saas.external-latency",
    "sergas-accounts.error-external-api",
    "resync.model-timeout",
    "resync.model-not-responding",
  ],
  alerts: [
    { alertname: "ExternalApiDown" },
    { alertname: "ExternalApiSlow" },
    { alertname: "ExternalAPIErrors" },
    { alertname: "CircuitBreakerOpen" },
    { alertname: "ZohoApiErrors" },
    { alertname: "RateLimitExceeded" },
    { alertname: "BlackboxSlowProbe" },
    { alertname: "BlackboxProbeSlowHttp" },
  ],
  params: z.object({
    connection: z.string().max(100).optional().describe("only this connection; empty: all external ones"),
    samples: z.int().min(1).max(10).default(5).describe("requests per dependency"),
    slowSeconds: z
      .number()
      .min(0.01)
      .max(60)
      .optional()
      .describe("a request that takes longer is slow; empty: the system's p95Seconds"),
  }),
})
  .diagnose(({ samples }, context) =>
    Object.fromEntries(
      wanted(context).map(({ name }) => [name, on(name, http.samples({ count: samples }))] as const),
    ),
  )
  .findings((seen, context): Finding<Remedy>[] => {
    const faces = wanted(context);
    if (faces.length === 0) return [unknownConnection(context)];
    return faces.flatMap((face) => findingsOf(face, seen[face.name], context));
  })
  .remedies({
    reachProvider: {
      title: "Reach the dependency again",
      risk: "high",
      advice: (seen: Sees, context) =>
        perFace(seen, context, (face, { samples }) => {
          const error = samples.find((sample) => sample.error !== undefined)?.error;
          return error === undefined ? undefined : nextStep(plain(error), face);
        }),
    },
    slowDown: {
      title: "Send less",
      risk: "low",
      advice: (seen: Sees, context) =>
        perFace(seen, context, (_face, { samples }) => {
          const limited = samples.find(({ status }) => status === 429);
          if (limited === undefined) return undefined;
          const wait = limited.retryAfterSeconds;
          const pause = wait === undefined ? "" : `Send nothing for ${saySeconds(wait)}. `;
          return `${pause}Lower the client's rate limit below the provider's quota, cache and batch reads, and honour Retry-After with jittered backoff; more retries make it worse. If the quota is too small for the load, ask the provider for more.`;
        }),
    },
    bridgeSlowness: {
      title: "Bridge the slowness",
      risk: "low",
      advice: (seen: Sees, context) =>
        perFace(seen, context, (_face, { samples }) => {
          const slowest = slowPhase(samples);
          return slowest === undefined ? undefined : PHASE_ADVICE[slowest.phase];
        }),
    },
    fixRequest: {
      title: "Correct the connection",
      risk: "low",
      advice: (seen: Sees, context) =>
        perFace(seen, context, (_face, { path, samples }) => {
          const status = samples.find((sample) => isClientError(sample.status) || sample.redirect)?.status;
          if (status === undefined) return undefined;
          if (status === 401 || status === 403)
            return "Renew the credentials (`headers:` or the URL's user of the connection) and compare them with the provider's console: key revoked, expired, or without the right scope.";
          return `Correct \`url:\` or \`health:\` (now ${path}) of the connection in diagbot.yaml, or the route at the provider.`;
        }),
    },
    waitForProvider: {
      title: "Shield the system until the provider recovers",
      risk: "high",
      advice:
        "Look at the provider's status page and open a ticket with the table above. Keep the circuit breaker open (do not reset it before several probes in a row succeed), serve cached or degraded answers, and lower retries to one with jittered backoff.",
    },
  });

function perFace(
  seen: Sees,
  context: Pick<Context, "params" | "system">,
  say: (face: Reached, sampled: Sampled) => string | undefined,
): string {
  return wanted(context)
    .flatMap((face) => {
      const one = seen[face.name];
      const words = one?.ok ? say(face, one.value) : undefined;
      return words === undefined ? [] : [`${sayPlace(face)}: ${words}`];
    })
    .join("\n");
}

const unknownConnection = ({ params, system }: Context): Finding<Remedy> => ({
  id: "no-connection",
  severity: "info",
  title: `No http connection "${params.connection ?? ""}"`,
  because: `The system has: ${
    system.connections
      .filter(({ kind }) => kind === "http")
      .map(({ name }) => name)
      .join(", ") || "none"
  }.`,
});
