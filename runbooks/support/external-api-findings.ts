import {
  count,
  type Finding,
  type http,
  network,
  type RunContext,
  type Seen,
  saySeconds,
} from "../../src/sdk.ts";
import { type Reached, sayPlace } from "../network/endpoints.ts";
import { answered, distribution, median, PHASE_WORDS, shown, slowPhase } from "./http-samples.ts";

export type Remedy = "reachProvider" | "slowDown" | "bridgeSlowness" | "fixRequest" | "waitForProvider";
export type Sampled = { path: string; samples: http.Sample[] };
interface Params {
  readonly connection?: string | undefined;
  readonly samples: number;
  readonly slowSeconds?: number | undefined;
}
export type Context = Pick<RunContext<Params>, "params" | "system" | "thresholds">;

/** What the samples of one dependency show. */
export function findingsOf(
  face: Reached,
  seen: Seen<Sampled> | undefined,
  context: Context,
): Finding<Remedy>[] {
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
    ...illByItsWord(face, samples),
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
      because: `It answers ${moved.status} with ${moved.redirect}; diagbot does not follow to other hosts (credentials would go with it) nor for ever. The service moved, a login page is in the way, or it redirects in a circle.`,
      remedies: ["fixRequest"],
    },
  ];
}

/** Trap health-200-only: a good status may carry a bad word. */
function illByItsWord(face: Reached, samples: readonly http.Sample[]): Finding<Remedy>[] {
  const ill = samples.filter(({ says }) => says !== undefined);
  if (ill.length === 0) return [];
  return [
    {
      id: `says-ill:${face.name}`,
      severity: "warning",
      title: `${sayPlace(face)} answers ${ill[0]?.status} but says "${ill[0]?.says}"`,
      because: `In ${ill.length} of ${samples.length} answers the dependency itself reports that it is not well: calls may fail or be slow.`,
      remedies: ["waitForProvider"],
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
      title: `${sayPlace(face)} is slow: p50 ${saySeconds(middle)}, slowest ${saySeconds(Math.max(...times))}, mostly ${PHASE_WORDS[phase.phase]}`,
      because: `${slow.length} of ${count(times.length, "answer")} took longer than ${saySeconds(limit)}; most of the slowest one went into ${PHASE_WORDS[phase.phase]} (${saySeconds(phase.ms / 1000)}).`,
      remedies: ["bridgeSlowness"],
    },
  ];
}

export const isClientError = (status: number | undefined): boolean =>
  status !== undefined && status >= 400 && status < 500 && status !== 429;

export const plain = ({ code, message, detail }: NonNullable<http.Sample["error"]>) => ({
  code,
  message,
  ...(detail === undefined ? {} : { detail }),
});
