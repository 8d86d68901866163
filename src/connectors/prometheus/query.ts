import { z } from "zod";
import { asWanted } from "../../core/rules/checks/wanted.ts";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { type Cell, MOST_CELL, MOST_COLUMNS, MOST_ROWS, Reading, Wants } from "../../core/words/reading.ts";
import type { Labels, PrometheusClient, Sample, Series, Span } from "./client.ts";
import { whole } from "./partial.ts";
import { labelName, matchersOf, quoted } from "./promql.ts";
import { whyNoRate } from "./rate-window.ts";
import { linesOf } from "./window.ts";

const { read } = actionsOn<PrometheusClient>("prometheus");

/** Points of a plotted line. */
const POINTS = 240;
const SHORTEST_STEP = 15;
const LABELS = /\$labels\b/g;
/** True of every series: what `$labels` means where the connection has none. */
const ANY_SERIES = '__name__!=""';

/**
 * An expression of an author, for checks as data: now, or over so many seconds up to now (then a row is a line's last
 * value). Columns are the labels and `value`; NaN and infinities are no value. At most 200 series. `$labels` within {…}
 * stands for the connection's own matchers.
 */
export const query = read({
  name: "prometheus.query",
  title: "Asks Prometheus one question in PromQL",
  timeoutSeconds: 20,
  input: z.strictObject({
    promql: z.string().trim().min(1).max(4_000),
    rangeSeconds: z
      .number()
      .min(60)
      .max(7 * 86_400)
      .optional(),
    wants: Wants.prefault({}),
  }),
  output: Reading.extend({ notSeen }),
  run: (client, { promql, rangeSeconds, wants }, context) =>
    whole(client, async (noting) => {
      const expression = promql.replaceAll(LABELS, () => ownMatchers(client.labels));
      const reading =
        rangeSeconds === undefined
          ? readingOf(await noting.instant(expression, context))
          : await overTime(noting, expression, rangeSeconds, context);
      const why = reading.rows.length === 0 ? await whyNoRate(noting, expression, context) : undefined;
      if (why !== undefined) throw new DiagError("bad_output", `the question cannot have an answer: ${why}`);
      return asWanted(reading, wants);
    }),
});

const ownMatchers = (labels: Labels): string =>
  matchersOf(labels)
    .map(({ label, op, value }) => `${labelName(label)}${op}${quoted(value)}`)
    .join(",") || ANY_SERIES;

async function overTime(
  client: PrometheusClient,
  expression: string,
  seconds: number,
  context: ActionContext,
): Promise<Reading> {
  const span = spanOf(seconds);
  const series = await client.range(expression, span, context);
  const last = series.map(({ labels, points }) => ({ labels, value: points.at(-1)?.[1] ?? Number.NaN }));
  const lines = linesOf(series, span, nameOf);
  return {
    ...readingOf(last),
    series: lines.map(({ name, points }) => ({ name, points: points.map(([at, value]) => [at, value]) })),
  };
}

/** Ends at the newest whole step, so that two looks at the same time draw the same points. */
function spanOf(seconds: number): Span {
  const step = Math.max(SHORTEST_STEP, Math.ceil(seconds / POINTS));
  const end = Math.floor(Date.now() / 1000);
  return { start: end - Math.floor(seconds / step) * step, end, step };
}

const nameOf = ({ labels }: Series): string =>
  Object.entries(labels)
    .filter(([name]) => name !== "__name__")
    .map(([, value]) => value)
    .join(" ")
    .slice(0, 80) ||
  (labels.__name__ ?? "value");

function readingOf(samples: readonly Sample[]): Reading {
  const kept = samples.slice(0, MOST_ROWS);
  const names = [...new Set(kept.flatMap(({ labels }) => Object.keys(labels)))].slice(0, MOST_COLUMNS - 1);
  return {
    columns: [...names.map((name) => ({ name: columnOf(name) })), { name: "value" }],
    rows: kept.map(({ labels, value }): Cell[] => [
      ...names.map((name) => labels[name]?.slice(0, MOST_CELL) ?? null),
      Number.isFinite(value) ? value : null,
    ]),
    more: samples.length > MOST_ROWS,
  };
}

/** A label called `value` makes room for the value itself. */
const columnOf = (label: string): string => (label === "value" ? "label_value" : label);
