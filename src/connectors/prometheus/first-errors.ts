import type { ActionContext } from "../../core/words/action.ts";
import type { PrometheusClient } from "./client.ts";

/**
 * What counters counted before their first sample, where that fell into the window: a client library shows a label's series
 * with its first event, and `rate()` of a series that begins at 30 is 0. Only of instances that were scraped before the window: on
 * others nobody knows how old the count is.
 */
export async function firstOf(
  client: PrometheusClient,
  series: string,
  seconds: number,
  context: ActionContext,
): Promise<number> {
  const before = `${series} offset ${seconds}s`;
  const known = `on (instance) group by (instance) (${client.select("up")} offset ${seconds}s)`;
  const one = async (query: string) => (await client.instant(query, context))[0]?.value ?? 0;
  const [counted, seen] = await Promise.all([
    one(`sum((${series} unless ${before}) and ${known})`),
    one(`sum((increase(${series}[${seconds}s]) unless ${before}) and ${known})`),
  ]);
  return Math.max(0, counted - seen);
}
