import { aggregate } from "./aggregate.ts";
import { combine } from "./binary.ts";
import { histogramQuantile } from "./histogram.ts";
import { QueryError } from "./lex.ts";
import { lineThrough } from "./line.ts";
import type { Expression, Matcher } from "./parse.ts";
import { rate } from "./rate.ts";
import { keyOf, type Labels, type Point, type Samples } from "./samples.ts";
import { nameless, type Sample, scalarOf, type Value, vectorOf } from "./values.ts";

/** What a function makes of the values in a window. */
type Fold = (values: readonly number[]) => number;

const times = (values: readonly number[], holds: (value: number, before: number) => boolean): number =>
  values.filter((value, at) => at > 0 && holds(value, values[at - 1] ?? value)).length;

const FOLDS: Readonly<Record<string, Fold>> = {
  count_over_time: (values) => values.length,
  max_over_time: (values) => Math.max(...values),
  min_over_time: (values) => Math.min(...values),
  resets: (values) => times(values, (value, before) => value < before),
  changes: (values) => times(values, (value, before) => value !== before),
};

/** Of one subquery. */
const MOST_STEPS = 2000;

/** How far back an instant selector looks. */
const LOOKBACK_SECONDS = 300;

const ONLY_ARGUMENT = "a range is only good as a function's argument";

/** The value of an expression at a time in seconds. Throws QueryError for what the emulation does not know. */
export function evaluate(expression: Expression, samples: Samples, t: number): Value {
  const of = (inner: Expression): Value => evaluate(inner, samples, t);
  switch (expression.kind) {
    case "number":
      return expression.value;
    case "selector":
      if (expression.range !== undefined) throw new QueryError(ONLY_ARGUMENT);
      return instant(expression.matchers, samples, t - expression.offset);
    case "subquery":
      throw new QueryError(ONLY_ARGUMENT);
    case "call":
      return call(expression, samples, t);
    case "aggregate": {
      const [last, first] = [...expression.args].reverse();
      if (last === undefined) throw new QueryError(`${expression.name} needs an argument`);
      const parameter = first === undefined ? undefined : scalarOf(of(first));
      return aggregate(expression.name, expression.grouping, vectorOf(of(last)), parameter);
    }
    case "binary":
      return combine(expression, of(expression.left), of(expression.right));
  }
}

function call(expression: Extract<Expression, { kind: "call" }>, samples: Samples, t: number): Value {
  const { name, args } = expression;
  const argument = (at: number): Expression => {
    const found = args[at];
    if (found === undefined) throw new QueryError(`${name} needs ${at + 1} arguments`);
    return found;
  };
  const value = (at: number): Value => evaluate(argument(at), samples, t);
  const each = (change: (value: number) => number): Sample[] =>
    vectorOf(value(0)).map((sample) => ({ labels: nameless(sample.labels), value: change(sample.value) }));
  switch (name) {
    case "rate":
    case "increase":
      return ranged(argument(0), samples, t, name);
    case "deriv":
      return lines(argument(0), samples, t, name, ({ slope }) => slope);
    case "predict_linear": {
      const ahead = scalarOf(value(1));
      return lines(argument(0), samples, t, name, ({ slope, value: now }) => now + slope * ahead);
    }
    case "histogram_quantile":
      return histogramQuantile(scalarOf(value(0)), vectorOf(value(1)));
    case "absent":
      return vectorOf(value(0)).length === 0 ? [{ labels: {}, value: 1 }] : [];
    case "vector":
      return [{ labels: {}, value: scalarOf(value(0)) }];
    case "clamp_min":
      return each((before) => Math.max(before, scalarOf(value(1))));
    case "clamp_max":
      return each((before) => Math.min(before, scalarOf(value(1))));
    case "sort_desc":
      return [...vectorOf(value(0))].sort((a, b) => b.value - a.value);
    default: {
      const fold = FOLDS[name];
      if (fold === undefined) throw new QueryError(`the emulated Prometheus does not know ${name}()`);
      return folded(argument(0), samples, t, name, fold);
    }
  }
}

function instant(matchers: readonly Matcher[], samples: Samples, t: number): Sample[] {
  return select(matchers, samples).flatMap(({ labels, points }) => {
    const last = points.findLast((point) => point.t <= t);
    return last?.v === undefined || last.t < t - LOOKBACK_SECONDS ? [] : [{ labels, value: last.v }];
  });
}

function ranged(argument: Expression, samples: Samples, t: number, name: "rate" | "increase"): Sample[] {
  const { windows, range, to } = windowsOf(argument, samples, t, name);
  return windows.flatMap(({ labels, points }) => {
    const perSecond = rate(points, to - range, to);
    return perSecond === undefined
      ? []
      : [{ labels, value: name === "rate" ? perSecond : perSecond * range }];
  });
}

/** What is made of the line through each series' points, as it stands at `t`. */
const lines = (
  argument: Expression,
  samples: Samples,
  t: number,
  name: string,
  of: (line: { slope: number; value: number }) => number,
): Sample[] =>
  windowsOf(argument, samples, t, name).windows.flatMap(({ labels, points }) => {
    const line = lineThrough(points, t);
    return line === undefined ? [] : [{ labels, value: of(line) }];
  });

const folded = (argument: Expression, samples: Samples, t: number, name: string, fold: Fold): Sample[] =>
  windowsOf(argument, samples, t, name)
    .windows.filter(({ points }) => points.length > 0)
    .map(({ labels, points }) => ({ labels, value: fold(points.map(({ v }) => v)) }));

/** The points of each series within the range. */
function windowsOf(argument: Expression, samples: Samples, t: number, name: string) {
  if (argument.kind === "subquery")
    return { windows: asked(argument, samples, t), range: argument.range, to: t };
  if (argument.kind !== "selector" || argument.range === undefined)
    throw new QueryError(`${name}() needs a range, such as metric[5m]`);
  const { matchers, range, offset } = argument;
  const to = t - offset;
  const windows = select(matchers, samples).map(({ labels, points }) => ({
    labels: nameless(labels),
    points: points.filter(
      (point): point is Point & { v: number } =>
        point.t > to - range && point.t <= to && point.v !== undefined,
    ),
  }));
  return { windows, range, to };
}

/** The answers of a subquery as series. Its times are multiples of its step, whenever it is asked. */
function asked(
  { inner, range, step }: Extract<Expression, { kind: "subquery" }>,
  samples: Samples,
  t: number,
): { labels: Labels; points: { t: number; v: number }[] }[] {
  if (range / step > MOST_STEPS) throw new QueryError("too many steps");
  const series = new Map<string, { labels: Labels; points: { t: number; v: number }[] }>();
  for (let at = (Math.floor((t - range) / step) + 1) * step; at <= t; at += step)
    for (const { labels, value } of vectorOf(evaluate(inner, samples, at))) {
      const key = keyOf(labels);
      const one = series.get(key) ?? { labels, points: [] };
      series.set(key, one);
      one.points.push({ t: at, v: value });
    }
  return [...series.values()];
}

/** Every series the matchers fit. */
export const select = (matchers: readonly Matcher[], samples: Samples) =>
  [...samples.all()].filter(({ labels }) => matchers.every((matcher) => matches(matcher, labels)));

function matches({ label, op, value }: Matcher, labels: Labels): boolean {
  const found = labels[label] ?? "";
  if (op === "=") return found === value;
  if (op === "!=") return found !== value;
  const whole = new RegExp(`^(?:${value})$`);
  return whole.test(found) === (op === "=~");
}
