import type { ActionContext } from "../../core/words/action.ts";
import type { PrometheusClient } from "./client.ts";
import { scrapeSeconds } from "./window.ts";

/** Of an expression: texts, which hold anything; functions that need two samples within their range; and ranges. */
const TOKEN =
  /"(?:[^"\\]|\\[\s\S])*"?|'(?:[^'\\]|\\[\s\S])*'?|`[^`]*`?|\b(rate|irate|increase|delta|idelta|deriv|predict_linear)\s*\(|\[\s*([0-9a-z]+)\s*[\]:]/g;
const PART = /(\d{1,9})(ms|[smhdwy])/g;
const SECONDS: Readonly<Record<string, number>> = {
  ...{ ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400, w: 7 * 86_400, y: 365 * 86_400 },
};

/** Seconds of a duration as PromQL writes it (`1h30m`); undefined: it is none. */
function secondsOf(text: string): number | undefined {
  const parts = [...text.matchAll(PART)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join("") !== text) return undefined;
  return parts.reduce((sum, [, amount = "0", unit = ""]) => sum + Number(amount) * (SECONDS[unit] ?? 0), 0);
}

/** The shortest range, in seconds, of a function that needs two samples in it; undefined: the expression has none. Pure. */
export function shortestRate(promql: string): number | undefined {
  let shortest: number | undefined;
  let isWanted = false;
  for (const [, called, range] of promql.matchAll(TOKEN)) {
    if (called !== undefined) isWanted = true;
    const seconds = range === undefined || !isWanted ? undefined : secondsOf(range);
    if (seconds === undefined) continue;
    isWanted = false;
    shortest = Math.min(shortest ?? seconds, seconds);
  }
  return shortest;
}

/**
 * Why an empty answer says nothing: a rate over less than two scrapes never has a value, whatever was counted (trap
 * prom-rate-window). Undefined where the range is long enough, or nobody knows how often the targets are scraped.
 */
export async function whyNoRate(
  client: PrometheusClient,
  promql: string,
  context: ActionContext,
): Promise<string | undefined> {
  const range = shortestRate(promql);
  const interval = range === undefined ? undefined : await scrapeSeconds(client, context);
  if (range === undefined || interval === undefined || range >= 2 * interval) return undefined;
  return `it takes a rate over ${range} s, and the targets are scraped every ${Math.round(interval)} s: two samples are never in it. Four scrapes are a range that holds: [${Math.ceil(4 * interval)}s]`;
}
