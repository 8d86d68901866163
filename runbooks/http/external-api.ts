import {
  type ConnectionFace,
  count,
  type Finding,
  http,
  network,
  type OutputOf,
  on,
  orThreshold,
  runbookOn,
  saySeconds,
  z,
} from "../../src/sdk/index.ts";
import { chosen, nextStep, type Reached, sayEach, sayPlace, withEndpoint } from "../network/endpoints.ts";
import { answered, distribution, median, shown, slowPhase } from "./samples.ts";

type Samples = readonly http.Sample[];

/** Several timed requests to every external dependency: is it down, refusing, limiting us, or slow, and in which phase? */
const book = runbookOn(
  "http",
  {
    id: "external-api",
    title: "External APIs",
    covers: [
      "sergas-agents.external-api-slow",
      "sergas-agents.circuit-verify-upstream",
      "ai-saas.external-latency",
      "sergas-accounts.error-external-api",
      "resync.model-timeout",
      "resync.model-not-responding",
    ],
    alerts: [
      "ExternalApiDown",
      "ExternalApiSlow",
      "ExternalAPIErrors",
      "CircuitBreakerOpen",
      "ZohoApiErrors",
      "RateLimitExceeded",
      "BlackboxSlowProbe",
      "BlackboxProbeSlowHttp",
    ],
    params: z.object({
      connection: z.string().max(100).optional().describe("only this connection; empty: all external ones"),
      samples: z.int().min(1).max(10).default(5).describe("requests per dependency"),
      slowSeconds: orThreshold(
        "p95Seconds",
        "a request that takes longer is slow",
        z.number().min(0.01).max(60),
      ),
    }),
    explains: "all",
  },
  ({ params: { connection, samples }, system }) =>
    Object.fromEntries(
      wanted(system.connections, connection).map(({ name }) => [
        name,
        on(name, http.samples({ count: samples })),
      ]),
    ),
);

export const externalApi = book
  .remedies({
    reachProvider: book.advises("Reach the dependency again", "high", (sampled, { params, system }) =>
      sayEach(wanted(system.connections, params.connection), (face) => {
        const [error] = errorsOf(sampled[face.name]?.samples ?? []);
        return error && nextStep(error, face);
      }),
    ),
    slowDown: book.advises("Send less", "low", (sampled, { params, system }) =>
      sayEach(wanted(system.connections, params.connection), ({ name }) => {
        const answer = sampled[name]?.samples.find(isLimit);
        if (answer === undefined) return undefined;
        const wait = answer.retryAfterSeconds;
        const pause = wait === undefined ? "" : `Send nothing for ${saySeconds(wait)}. `;
        return `${pause}Lower the client's rate limit below the provider's quota, cache and batch reads, and honour Retry-After with jittered backoff; more retries make it worse. If the quota is too small for the load, ask the provider for more.`;
      }),
    ),
    bridgeSlowness: book.advises("Bridge the slowness", "low", (sampled, { params, system }) =>
      sayEach(
        wanted(system.connections, params.connection),
        ({ name }) => slowPhase(sampled[name]?.samples ?? [])?.advice,
      ),
    ),
    fixRequest: book.advises("Correct the connection", "low", (sampled, { params, system }) =>
      sayEach(wanted(system.connections, params.connection), ({ name }) => {
        const { samples = [], path } = sampled[name] ?? {};
        const status = samples.find((one) => isClientError(one) || one.redirect)?.status;
        if (status === undefined) return undefined;
        if (isAuth(status))
          return "Renew the credentials (`headers:` or the URL's user of the connection) and compare them with the provider's console: key revoked, expired, or without the right scope.";
        return `Correct \`url:\` or \`health:\` (now ${path}) of the connection in diagbot.yaml, or the route at the provider.`;
      }),
    ),
    waitForProvider: book.advises(
      "Shield the system until the provider recovers",
      "high",
      "Look at the provider's status page and open a ticket with the table above. Keep the circuit breaker open (do not reset it before several probes in a row succeed), serve cached or degraded answers, and lower retries to one with jittered backoff.",
    ),
  })
  .findings((find) => [
    find([], (_values, { params: { connection }, system: { connections } }) =>
      wanted(connections, connection).length > 0 ? undefined : noConnection(connections, connection),
    ),
    find.all((seen, { params: { connection, slowSeconds }, system }) =>
      wanted(system.connections, connection).flatMap((face) => {
        const one = seen[face.name];
        return [
          one?.ok === false && unasked(face, one.error.message),
          ...(one?.ok ? judged(face, one.value, slowSeconds) : []),
        ];
      }),
    ),
  ]);

/** Dependencies marked `external: true`; where none is marked, every http connection. */
function wanted(connections: readonly ConnectionFace[], name: string | undefined): Reached[] {
  const services = withEndpoint(connections).filter(({ kind }) => kind === "http");
  const external = services.filter((face) => face.about?.external === true);
  return chosen(name === undefined && external.length > 0 ? external : services, name);
}

/** What the samples of one dependency show, the samples with it. */
const judged = (face: Reached, { samples, path }: OutputOf<typeof http.samples>, slowSeconds: number) =>
  [
    unanswered(face, samples),
    limited(face, samples),
    serverErrors(face, samples),
    refused(face, samples, path) || redirected(face, samples, path),
    illByItsWord(face, samples),
    slow(face, samples, slowSeconds),
  ].map((found) => found && { ...found, evidence: [shown(samples, `GET ${path}`)] });

const noConnection = (connections: readonly ConnectionFace[], name = ""): Finding<never> => ({
  id: "no-connection",
  severity: "info",
  title: `No http connection "${name}"`,
  because: `The system has: ${
    connections
      .filter(({ kind }) => kind === "http")
      .map((face) => face.name)
      .join(", ") || "none"
  }.`,
});

const unasked = (face: Reached, because: string): Finding<never> => ({
  id: `unasked:${face.name}`,
  severity: "warning",
  title: `${sayPlace(face)} could not be asked`,
  because,
});

function unanswered(face: Reached, samples: Samples): Finding<"reachProvider"> | false {
  const failed = errorsOf(samples);
  const [first] = failed;
  if (first === undefined) return false;
  const cause = network.causeOf(first);
  const isAll = failed.length === samples.length;
  return {
    id: `unanswered:${face.name}`,
    severity: isAll ? "critical" : "warning",
    title: `${sayPlace(face)}: ${isAll ? "" : `${failed.length} of ${samples.length} requests: `}${cause.word}`,
    because: `${first.message}. ${cause.because}`,
    remedies: ["reachProvider"],
  };
}

function limited(face: Reached, samples: Samples): Finding<"slowDown"> | false {
  const answer = samples.find(isLimit);
  if (answer === undefined) return false;
  const wait = answer.retryAfterSeconds;
  return {
    id: `rate-limited:${face.name}`,
    severity: "critical",
    title: `${sayPlace(face)} limits us: 429${wait === undefined ? "" : `, retry after ${saySeconds(wait)}`}`,
    because: `The dependency answers "too many requests": the quota is used up, so real calls are refused too.${wait === undefined ? " It does not say how long to wait." : ""}`,
    remedies: ["slowDown"],
  };
}

function serverErrors(face: Reached, samples: Samples): Finding<"waitForProvider"> | false {
  const failed = samples.filter(({ status = 0 }) => status >= 500);
  if (failed.length === 0) return false;
  const isAll = failed.length === samples.length;
  const wait = failed.find(({ retryAfterSeconds }) => retryAfterSeconds !== undefined)?.retryAfterSeconds;
  return {
    id: `server-error:${face.name}`,
    severity: isAll ? "critical" : "warning",
    title: `${sayPlace(face)}: ${failed.length} of ${samples.length} requests answered ${distribution(failed)}`,
    because: `The dependency is reached but fails itself${isAll ? "" : " some of the time (one of several backends, or overload)"}.${wait === undefined ? "" : ` It asks to retry after ${saySeconds(wait)}.`}`,
    remedies: ["waitForProvider"],
  };
}

function refused(face: Reached, samples: Samples, path: string): Finding<"fixRequest"> | false {
  const status = samples.find(isClientError)?.status;
  if (status === undefined) return false;
  return {
    id: `${isAuth(status) ? "credentials" : "client-error"}:${face.name}`,
    severity: isAuth(status) ? "critical" : "warning",
    title: `${sayPlace(face)} answers ${status} to ${path}`,
    because: isAuth(status)
      ? "The dependency does not accept our credentials: a key was revoked, expired or lacks the scope."
      : "The dependency is there but does not know this request: the path moved or the configuration is wrong.",
    remedies: ["fixRequest"],
  };
}

function redirected(face: Reached, samples: Samples, path: string): Finding<"fixRequest"> | false {
  const moved = samples.find(({ redirect }) => redirect !== undefined);
  return (
    moved !== undefined && {
      id: `redirected:${face.name}`,
      severity: "warning",
      title: `${sayPlace(face)} redirects ${path} elsewhere`,
      because: `It answers ${moved.status} with ${moved.redirect}; diagbot does not follow to other hosts (credentials would go with it) nor for ever. The service moved, a login page is in the way, or it redirects in a circle.`,
      remedies: ["fixRequest"],
    }
  );
}

/** Trap health-200-only: a good status may carry a bad word. */
function illByItsWord(face: Reached, samples: Samples): Finding<"waitForProvider"> | false {
  const ill = samples.filter(({ says }) => says !== undefined);
  return (
    ill.length > 0 && {
      id: `says-ill:${face.name}`,
      severity: "warning",
      title: `${sayPlace(face)} answers ${ill[0]?.status} but says "${ill[0]?.says}"`,
      because: `In ${ill.length} of ${samples.length} answers the dependency itself reports that it is not well: calls may fail or be slow.`,
      remedies: ["waitForProvider"],
    }
  );
}

function slow(face: Reached, samples: Samples, limit: number): Finding<"bridgeSlowness"> | false {
  const times = answered(samples).map(({ totalMs }) => totalMs / 1000);
  const late = times.filter((seconds) => seconds > limit);
  const phase = slowPhase(samples);
  if (late.length === 0 || phase === undefined) return false;
  const middle = median(times);
  return {
    id: `slow:${face.name}`,
    severity: middle > limit ? "warning" : "info",
    title: `${sayPlace(face)} is slow: p50 ${saySeconds(middle)}, slowest ${saySeconds(Math.max(...times))}, mostly ${phase.words}`,
    because: `${late.length} of ${count(times.length, "answer")} took longer than ${saySeconds(limit)}; most of the slowest one went into ${phase.words} (${saySeconds(phase.ms / 1000)}).`,
    remedies: ["bridgeSlowness"],
  };
}

const errorsOf = (samples: Samples) => samples.flatMap(({ error }) => (error === undefined ? [] : [error]));
const isLimit = ({ status }: http.Sample) => status === 429;
const isAuth = (status: number) => status === 401 || status === 403;
const isClientError = ({ status = 0 }: http.Sample) => status >= 400 && status < 500 && status !== 429;
