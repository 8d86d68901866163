import { evaluate, select } from "./evaluate.ts";
import { QueryError } from "./lex.ts";
import { parse } from "./parse.ts";
import type { Samples, Series } from "./samples.ts";
import type { Sample, Value } from "./values.ts";

const MOST_STEPS = 11_000;

/** `data` of an endpoint below /api/v1/; undefined: the emulation has no such endpoint. Throws QueryError. */
export function dataOf(endpoint: string, parameters: URLSearchParams, samples: Samples): unknown {
  const valuesOf = /^label\/(\w+)\/values$/.exec(endpoint)?.[1];
  if (valuesOf !== undefined)
    return distinct(matching(parameters, samples), ({ labels }) => [labels[valuesOf]]);
  switch (endpoint) {
    case "query":
      return query(parameters, samples);
    case "query_range":
      return queryRange(parameters, samples);
    case "labels":
      return distinct(matching(parameters, samples), ({ labels }) => Object.keys(labels));
    case "targets":
      return { activeTargets: targets(samples), droppedTargets: [] };
    case "status/buildinfo":
      return { version: "0.0.0-emulated" };
    default:
      return undefined;
  }
}

/** Series that any `match[]` fits; all where there is none. The hour that is kept is the time range. */
function matching(parameters: URLSearchParams, samples: Samples): Series[] {
  const wanted = parameters.getAll("match[]").map(parse);
  if (wanted.length === 0) return [...samples.all()];
  return wanted.flatMap((expression) => {
    if (expression.kind !== "selector") throw new QueryError("match[] must be a selector");
    return select(expression.matchers, samples);
  });
}

const distinct = (series: readonly Series[], of: (one: Series) => (string | undefined)[]): string[] =>
  [...new Set(series.flatMap(of))].filter((value) => value !== undefined).sort();

const targets = (samples: Samples): unknown[] =>
  [...samples.all()]
    .filter(({ labels }) => labels.__name__ === "up")
    .map(({ labels: { __name__: _name, ...labels }, points }) => {
      const isUp = points.at(-1)?.v === 1;
      return { labels, health: isUp ? "up" : "down", lastError: isUp ? "" : "the last scrape failed" };
    });

function query(parameters: URLSearchParams, samples: Samples): unknown {
  const t = timeOf(parameters.get("time")) ?? Date.now() / 1000;
  const value = evaluate(parse(parameters.get("query") ?? ""), samples, t);
  if (typeof value === "number") return { resultType: "scalar", result: [t, said(value)] };
  return {
    resultType: "vector",
    result: value.map((sample) => ({ metric: sample.labels, value: [t, said(sample.value)] })),
  };
}

function queryRange(parameters: URLSearchParams, samples: Samples): unknown {
  const expression = parse(parameters.get("query") ?? "");
  const [start, end] = [timeOf(parameters.get("start")), timeOf(parameters.get("end"))];
  const step = Number.parseFloat(parameters.get("step") ?? "");
  if (start === undefined || end === undefined || !(step > 0) || (end - start) / step > MOST_STEPS)
    throw new QueryError("start, end and step must be numbers, and not too many steps");
  const rows = new Map<string, { metric: Sample["labels"]; values: [number, string][] }>();
  for (let t = start; t <= end; t += step) {
    for (const sample of vectorAt(evaluate(expression, samples, t))) {
      const key = JSON.stringify(sample.labels);
      const row = rows.get(key) ?? { metric: sample.labels, values: [] };
      rows.set(key, row);
      row.values.push([t, said(sample.value)]);
    }
  }
  return { resultType: "matrix", result: [...rows.values()] };
}

const vectorAt = (value: Value): readonly Sample[] =>
  typeof value === "number" ? [{ labels: {}, value }] : value;

/** Unix seconds or RFC 3339. */
function timeOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  const seconds = /^[\d.]+$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  return Number.isFinite(seconds) ? seconds : undefined;
}

/** Prometheus sends numbers as strings. */
const said = (value: number): string => {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return String(value);
};
