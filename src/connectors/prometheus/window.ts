import type { ActionContext } from "../../core/words/action.ts";
import type { PrometheusClient, Series, Span } from "./client.ts";
import { labelName } from "./promql.ts";

const LOOK_BACK = 600;
const LONGEST = 3600;
const HOUR = 3600;
/** One hour in steps of 15 s is 241 points. */
const STEP = 15;
const MOST_SERIES = 8;
/** Names under which exporters and frameworks keep the route of a request, usual ones first. */
const ROUTE_LABELS = ["route", "handler", "path", "endpoint", "uri", "url", "path_template", "operation"];

/**
 * Seconds to take rates over: what was asked for, or four scrapes where the system is scraped too seldom for that
 * (trap prom-rate-window: rate() needs two samples inside the window).
 */
export async function windowSeconds(
  client: PrometheusClient,
  minutes: number,
  context: ActionContext,
): Promise<number> {
  const asked = minutes * 60;
  const interval = await scrapeSeconds(client, context);
  return interval === undefined ? asked : Math.min(LONGEST, Math.max(asked, Math.ceil(4 * interval)));
}

/** Seconds between two scrapes of the system's targets, by the most often scraped of them; undefined: none is known. */
export async function scrapeSeconds(
  client: PrometheusClient,
  context: ActionContext,
): Promise<number | undefined> {
  const [most] = await client.instant(`max(count_over_time(${client.select("up")}[${LOOK_BACK}s]))`, context);
  return most !== undefined && most.value >= 1 ? LOOK_BACK / most.value : undefined;
}

/** Label names that the selected series had within the last hour; empty: there is no such series. */
export async function labelsOf(
  client: PrometheusClient,
  selected: string,
  context: ActionContext,
): Promise<readonly string[]> {
  const now = Math.floor(Date.now() / 1000);
  const data = await client.get(
    "labels",
    [
      ["match[]", selected],
      ["start", String(now - HOUR)],
      ["end", String(now)],
    ],
    context,
  );
  return Array.isArray(data) ? data.filter((name): name is string => typeof name === "string") : [];
}

/** Names of metrics the selected series have; empty where the API has no such list. */
export async function namesOf(
  client: PrometheusClient,
  selected: string,
  context: ActionContext,
): Promise<readonly string[]> {
  const data = await client.get("label/__name__/values", [["match[]", selected]], context);
  return Array.isArray(data) ? data.filter((name): name is string => typeof name === "string") : [];
}

/** The label that holds the route; undefined where none of the usual ones is there. */
export const routeLabelOf = (labels: readonly string[]): string | undefined => {
  const found = ROUTE_LABELS.find((label) => labels.includes(label));
  return found === undefined ? undefined : labelName(found);
};

/** The last hour, in at most 241 points. */
export function lastHour(): Span {
  const end = Math.floor(Date.now() / 1000);
  return { start: end - HOUR, end, step: STEP };
}

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [number, number | null])[];
}

/** Lines to plot: every step has a point, gaps and NaN are null, at most 8 lines. */
export function linesOf(series: readonly Series[], span: Span, name: (one: Series) => string): Line[] {
  return series.slice(0, MOST_SERIES).map((one) => {
    const values = new Map(one.points.map(([at, value]) => [Math.round(at), value]));
    const points: [number, number | null][] = [];
    for (let at = span.start; at <= span.end; at += span.step) {
      const value = values.get(at);
      points.push([at, value === undefined || !Number.isFinite(value) ? null : value]);
    }
    return { name: name(one), points };
  });
}
