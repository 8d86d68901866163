import { clip, saySeconds } from "../../src/sdk/index.ts";
import { type Container, fill } from "./cause.ts";
import { ANSWERED } from "./probe-answered.ts";
import { CANNOT_RUN } from "./probe-cannot-run.ts";
import type { ProbeCause, ProbeRow } from "./probe-row.ts";

/** What the output of a failed health check means, most specific first; all of it English in images without a locale. */
const ROWS: readonly ProbeRow[] = [...CANNOT_RUN, ...ANSWERED];

/** Seconds after a start in which a check that never passed may simply be early. */
const EARLY_SECONDS = 300;

/** Why a container is unhealthy, from the output of its last failed check. Pure. */
export function probeCause(one: Container): ProbeCause {
  const { exitCode = 0, output = "" } = one.lastProbe ?? {};
  const said = output.toLowerCase();
  const found = ROWS.find(
    ({ codes, text }) =>
      (codes === undefined || codes.includes(exitCode)) && (text === undefined || text.test(said)),
  );
  const quoted = output === "" ? "it says nothing" : clip(output.replace(/\s+/g, " "), 200);
  if (found === undefined)
    return {
      says: "ill",
      short: "",
      because: `It runs, but its own health check fails: ${quoted} (exit code ${exitCode}).${early(one)}`,
    };
  const { short, because, says, hangs, advice } = found;
  const rest = says === "nothing" ? " So nothing is known of the service itself." : early(one);
  return {
    says,
    short,
    because: `${fill(because, one)}${rest} The check: ${quoted} (exit code ${exitCode}).`,
    advice: {
      key: says === "nothing" ? "correctCheck" : "fixCrash",
      text: fill(advice, one),
    },
    ...(hangs ? { hangs } : {}),
  };
}

/** It passed its check since it was started: what fails now has worked. */
export function wasHealthy(one: Container): boolean {
  const { check, uptimeSeconds, failingStreak } = one;
  if (one.passedLately) return true;
  if (check === null || uptimeSeconds === null) return false;
  // Each failed check took at most its interval and its limit: what is left of its life was not failing.
  const failing = failingStreak * (check.intervalSeconds + check.timeoutSeconds);
  return uptimeSeconds > check.startSeconds + failing + 2 * check.intervalSeconds;
}

function early(one: Container): string {
  const { uptimeSeconds, check } = one;
  if (uptimeSeconds === null || uptimeSeconds > EARLY_SECONDS || check === null || wasHealthy(one)) return "";
  const start = check.startSeconds === 0 ? "none" : saySeconds(check.startSeconds);
  return ` It is up for ${saySeconds(uptimeSeconds)} and was never healthy: it may still be starting (start_period: ${start}).`;
}
