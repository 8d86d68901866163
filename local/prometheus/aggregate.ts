import { QueryError } from "./lex.ts";
import type { Grouping } from "./parse.ts";
import { keyOf, type Labels } from "./samples.ts";
import { nameless, type Sample } from "./values.ts";

const FOLDS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  avg: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  count: (values) => values.length,
  group: () => 1,
};

/** `sum by (…)` and its relatives; `topk` and `bottomk` keep the series themselves. */
export function aggregate(
  name: string,
  grouping: Grouping,
  vector: readonly Sample[],
  parameter: number | undefined,
): Sample[] {
  const groups = new Map<string, { labels: Labels; members: Sample[] }>();
  for (const sample of vector) {
    const labels = groupLabels(grouping, sample.labels);
    const group = groups.get(keyOf(labels)) ?? { labels, members: [] };
    groups.set(keyOf(labels), group);
    group.members.push(sample);
  }
  if (name === "topk" || name === "bottomk") {
    const sign = name === "topk" ? -1 : 1;
    if (parameter === undefined) throw new QueryError(`${name} needs a number first`);
    return [...groups.values()].flatMap(({ members }) =>
      [...members].sort((a, b) => sign * (a.value - b.value)).slice(0, parameter),
    );
  }
  const fold = FOLDS[name];
  if (fold === undefined) throw new QueryError(`the emulated Prometheus does not know ${name}`);
  return [...groups.values()].map(({ labels, members }) => ({
    labels,
    value: fold(members.map(({ value }) => value)),
  }));
}

function groupLabels({ how, labels: names }: Grouping, labels: Labels): Labels {
  return Object.fromEntries(
    Object.entries(nameless(labels)).filter(([name]) => names.includes(name) === (how === "by")),
  );
}
