import {
  count,
  type Finding,
  http,
  network,
  on,
  type RunContext,
  runbook,
  type Seen,
  saySeconds,
  z,
} from "../src/sdk.ts";
import { chosen, nextStep, type Reached, sayPlace, withEndpoint } from "./support/endpoints.ts";
import {
  answered,
  distribution,
  median,
  PHASE_ADVICE,
  PHASE_WORDS,
  shown,
  slowPhase,
} from "./support/http-samples.ts";

type Remedy = "reachProvider" | "slowDown" | "bridgeSlowness" | "fixRequest" | "waitForProvider";
type Sampled = { path: string; samples: http.Sample[] };
type Sees = Readonly<Record<string, Seen<Sampled>>>;
interface Params {
  readonly connection?: string | undefined;
  readonly samples: number;
  readonly slowSeconds?: number | undefined;
}
type Context = Pick<RunContext<Params>, "params" | "system" | "thresholds">;

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
  title: "External API down or slow",
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

function findingsOf(face: Reached, seen: Seen<Sampled> | undefined, context: Context): Finding<Remedy>[] {
  if (seen === undefined) return [];
  if (!seen.ok)
    return [
      {
        id: `unasked:${face.name}`,
        severity: "warning",
        title: `${sayPlace(face)} could not be asked`,
        because: seen.error.message,
      },
    ];
  const { samples, path } = seen.value;
  const evidence = [shown(samples, `GET ${path}`)];
  const found = [
    ...unanswered(face, samples),
    ...limited(face, samples),
    ...serverErrors(face, samples),
    ...refusals(face, samples, path),
    ...slowness(face, samples, context),
  ];
  return found.map((finding) => ({ ...finding, evidence }));
}

function unanswered(face: Reached, samples: readonly http.Sample[]): Finding<Remedy>[] {
  const failed = samples.flatMap(({ error }) => (error === undefined ? [] : [plain(error)]));
  const first = failed[0];
  if (first === undefined) return [];
  const cause = network.causeOf(first);
  const isAll = failed.length === samples.length;
  return [
    {
      id: `unanswered:${face.name}`,
      severity: isAll ? "critical" : "warning",
      title: `${sayPlace(face)}: ${isAll ? "" : `${failed.length} of ${samples.length} requests: `}${cause.word}`,
      because: `${first.message}. ${cause.because}`,
      remedies: ["reachProvider"],
    },
  ];
}

function limited(face: Reached, samples: readonly http.Sample[]): Finding<Remedy>[] {
  const answer = samples.find(({ status }) => status === 429);
  if (answer === undefined) return [];
  const wait = answer.retryAfterSeconds;
  return [
    {
      id: `rate-limited:${face.name}`,
      severity: "critical",
      title: `${sayPlace(face)} limits us: 429${wait === undefined ? "" : `, retry after ${saySeconds(wait)}`}`,
      because: `The dependency answers "too many requests": the quota is used up, so real calls are refused too.${wait === undefined ? " It does not say how long to wait." : ""}`,
      remedies: ["slowDown"],
    },
  ];
}

function serverErrors(face: Reached, samples: readonly http.Sample[]): Finding<Remedy>[] {
  const failed = samples.filter(({ status = 0 }) => status >= 500);
  if (failed.length === 0) return [];
  const isAll = failed.length === samples.length;
  const wait = failed.find(({ retryAfterSeconds }) => retryAfterSeconds !== undefined)?.retryAfterSeconds;
  return [
    {
      id: `server-error:${face.name}`,
      severity: isAll ? "critical" : "warning",
      title: `${sayPlace(face)}: ${failed.length} of ${samples.length} requests answered ${distribution(failed)}`,
      because: `The dependency is reached but fails itself${isAll ? "" : " some of the time (one of several backends, or overload)"}.${wait === undefined ? "" : ` It asks to retry after ${saySeconds(wait)}.`}`,
      remedies: ["waitForProvider"],
    },
  ];
}

function refusals(face: Reached, samples: readonly http.Sample[], path: string): Finding<Remedy>[] {
  const refused = samples.filter(({ status }) => isClientError(status));
  const status = refused[0]?.status;
  if (status !== undefined) {
    const isAuth = status === 401 || status === 403;
    return [
      {
        id: `${isAuth ? "credentials" : "client-error"}:${face.name}`,
        severity: isAuth ? "critical" : "warning",
        title: `${sayPlace(face)} answers ${status} to ${path}`,
        because: isAuth
          ? "The dependency does not accept our credentials: a key was revoked, expired or lacks the scope."
          : "The dependency is there but does not know this request: the path moved or the configuration is wrong.",
        remedies: ["fixRequest"],
      },
    ];
  }
  const moved = samples.find(({ redirect }) => redirect !== undefined);
  if (moved === undefined) return [];
  return [
    {
      id: `redirected:${face.name}`,
      severity: "warning",
      title: `${sayPlace(face)} redirects ${path} elsewhere`,
      because: `It answers ${moved.status} with ${moved.redirect}; diagbot does not follow to other hosts (credentials would go with it). The service moved, or a login page is in the way.`,
      remedies: ["fixRequest"],
    },
  ];
}

function slowness(face: Reached, samples: readonly http.Sample[], context: Context): Finding<Remedy>[] {
  const limit = context.params.slowSeconds ?? context.thresholds.p95Seconds;
  const times = answered(samples).map(({ totalMs }) => totalMs / 1000);
  const slow = times.filter((seconds) => seconds > limit);
  const phase = slowPhase(samples);
  if (slow.length === 0 || phase === undefined) return [];
  const middle = median(times);
  const isUsual = middle > limit;
  return [
    {
      id: `slow:${face.name}`,
      severity: isUsual ? "warning" : "info",
      title: `${sayPlace(face)} is slow: p50 ${saySeconds(middle)}, slowest ${saySeconds(Math.max(...times))}`,
      because: `${slow.length} of ${count(times.length, "answer")} took longer than ${saySeconds(limit)}; most of the slowest one went into ${PHASE_WORDS[phase.phase]} (${saySeconds(phase.ms / 1000)}).`,
      remedies: ["bridgeSlowness"],
    },
  ];
}

const isClientError = (status: number | undefined): boolean =>
  status !== undefined && status >= 400 && status < 500 && status !== 429;

const plain = ({ code, message, detail }: NonNullable<http.Sample["error"]>) => ({
  code,
  message,
  ...(detail === undefined ? {} : { detail }),
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
