import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import type { PrometheusClient } from "./client.ts";

/** Looked back over: enough scrapes to tell a habit from a restart. */
const BACK = 900;

/**
 * How the counters behind a rate behave. `rate()` takes every fall for a restart from nothing, so each fall that is none adds
 * traffic nobody sent.
 */
export const Counters = z.object({
  /** Falls of the series that falls most, in so many samples of it. */
  resets: z.number(),
  samples: z.number(),
  /** Restarts by the process' own start time; null: it does not say when it started. */
  restarts: z.number().nullable(),
  /** Falls of that start time, which never falls in one process. */
  startFalls: z.number(),
});
export type Counters = z.output<typeof Counters>;

export async function countersOf(
  client: PrometheusClient,
  metric: string,
  context: ActionContext,
): Promise<Counters> {
  const series = client.select(metric);
  const starts = client.select("process_start_time_seconds");
  const one = async (query: string) => (await client.instant(query, context))[0]?.value ?? null;
  const [resets, samples, restarts, startFalls] = await Promise.all([
    one(`max(resets(${series}[${BACK}s]))`),
    one(`max(count_over_time(${series}[${BACK}s]))`),
    one(`max(changes(${starts}[${BACK}s]))`),
    one(`max(resets(${starts}[${BACK}s]))`),
  ]);
  return { resets: resets ?? 0, samples: samples ?? 0, restarts, startFalls: startFalls ?? 0 };
}

/** More falls than this, in this share of the samples, are no series of restarts. */
const MANY = 4;
const OFTEN = 0.08;

/** Can rates of these counters not be trusted? Restarts that the process itself admits to are counted rightly. Pure. */
export const areMixed = ({ resets, samples, restarts, startFalls }: Counters): boolean =>
  resets >= MANY &&
  resets >= samples * OFTEN &&
  (startFalls >= 2 || restarts === null || resets > restarts + 1);
