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
      "sergas-accounts.high-response-times",
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
      sayEach(wanted(system.connections, params.connection), ({ name }) =>
        adviceOn(sampled[name]?.samples, "slowDown"),
      ),
    ),
    raiseQuota: book.advises("Raise the quota", "low", (sampled, { params, system }) =>
      sayEach(wanted(system.connections, params.connection), ({ name }) =>
        adviceOn(sampled[name]?.samples, "quota"),
      ),
    ),
    bridgeSlowness: book.advises("Bridge the slowness", "low", (sampled, { params, system }) =>
      sayEach(
        wanted(system.connections, params.connection),
        ({ name }) => slowPhase(sampled[name]?.samples ?? [])?.advice,
      ),
    ),
    fixRequest: book.advises("Correct the connection", "low", (sampled, { params, system }) =>
      sayEach(wanted(system.connections, params.connection), ({ name }) =>
        adviceOn(sampled[name]?.samples, "correct"),
      ),
    ),
    waitForProvider: book.advises(
      "Shield the system until the provider recovers",
      "high",
      (sampled, { params, system }) =>
        sayEach(wanted(system.connections, params.connection), ({ name }) => {
          const advice = adviceOn(sampled[name]?.samples, "wait");
          return (
            advice !== undefined &&
            `look at the provider's status page and open a ticket with the table above. Keep the circuit breaker open (do not reset it before several probes in a row succeed), serve cached or degraded answers, and lower retries to one with jittered backoff. Whoever runs it: ${advice}`
          );
        }),
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
  [unanswered(face, samples), ...troubles(face, samples), slow(face, samples, slowSeconds)].map(
    (found) => found && { ...found, evidence: [shown(samples, `GET ${path}`)] },
  );

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

type Helped = "waitForProvider" | "slowDown" | "raiseQuota" | "fixRequest";
const REMEDY: Readonly<Record<http.AnswerTrouble["help"], Helped>> = {
  wait: "waitForProvider",
  slowDown: "slowDown",
  quota: "raiseQuota",
  correct: "fixRequest",
};

/** What is wrong with the answers, the first of each kind for all of its kind. The judgement is that of service-health. */
function troubles(face: Reached, samples: Samples): Finding<Helped>[] {
  const all = illAnswers(samples);
  const firsts = all.filter(
    (one, index) => all.findIndex(({ trouble }) => trouble.id === one.trouble.id) === index,
  );
  return firsts.map(({ trouble }) => {
    const alike = all.filter((one) => one.trouble.id === trouble.id).map(({ answer }) => answer.status);
    const isAll = alike.length === samples.length;
    const passes = !isAll && trouble.help === "wait";
    return {
      id: `${trouble.id}:${face.name}`,
      severity: passes ? "warning" : trouble.severity,
      title: `${sayPlace(face)}: ${isAll || !passes ? "" : `${alike.length} of ${samples.length} requests: `}${trouble.word}`,
      because: `${trouble.because}${passes ? ` ${alike.length} of ${count(samples.length, "request")} went so (${distribution(alike)}), the others did not: one of several backends, or overload.` : ""}`,
      remedies: [REMEDY[trouble.help]],
    };
  });
}

const illAnswers = (samples: Samples = []) =>
  samples.flatMap(({ answer }) => {
    const trouble = answer && http.answerTrouble(answer);
    return answer === undefined || trouble === undefined ? [] : [{ answer, trouble }];
  });

/** What helps against the first answer that wants this kind of help. */
const adviceOn = (samples: Samples | undefined, help: http.AnswerTrouble["help"]): string | undefined =>
  illAnswers(samples).find(({ trouble }) => trouble.help === help)?.trouble.next;

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
