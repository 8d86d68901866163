import type { docker, OutputOf, RunContext } from "../../src/sdk/index.ts";

/**
 * Up for as long as is asked for, and for as long as it was watched: a restart in between shows as a shorter time. That it runs and
 * is healthy the action says itself.
 */
export const staysUp = (
  { containers }: OutputOf<typeof docker.containers>,
  id: string,
  { params, watchedSeconds = 0 }: RunContext<{ readonly stableSeconds: number }>,
): boolean =>
  (containers.find((one) => one.id === id)?.uptimeSeconds ?? 0) >=
  Math.max(params.stableSeconds, watchedSeconds);
