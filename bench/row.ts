/** What is measured of one thing: ours, and the least that does the same job, in the same run. */
export interface Row {
  readonly name: string;
  /** What both figures count: `a second` (more is better), or `ms`, `MB`, `% of a core` (less is better). */
  readonly unit: string;
  readonly ours: number;
  readonly baseline?: { readonly name: string; readonly value: number };
  /** What `ratio`, or `ours` where there is no baseline, is to come to. */
  readonly goal?: { readonly least: number } | { readonly most: number };
  readonly remark?: string;
}

/** Ours in terms of the baseline: of rates and of costs alike. Undefined: there is none. */
export const ratioOf = ({ ours, baseline }: Row): number | undefined =>
  baseline === undefined || baseline.value === 0 ? undefined : ours / baseline.value;

/** Undefined: nothing is promised. */
export function isMet(row: Row): boolean | undefined {
  if (row.goal === undefined) return undefined;
  const figure = ratioOf(row) ?? row.ours;
  return "least" in row.goal ? figure >= row.goal.least : figure <= row.goal.most;
}

const said = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

/** One line of the table. */
export function sayRow(row: Row): string {
  const { name, unit, ours, baseline, goal, remark } = row;
  const ratio = ratioOf(row);
  const against =
    baseline === undefined ? "" : `${baseline.name} ${said(baseline.value)}, ratio ${said(ratio ?? 0)}`;
  const wanted =
    goal === undefined
      ? ""
      : `goal ${"least" in goal ? `≥ ${goal.least}` : `≤ ${goal.most}`}: ${isMet(row) === true ? "met" : "not met"}`;
  return [`${name}: ${said(ours)} ${unit}`, against, wanted, remark ?? ""].filter(Boolean).join("; ");
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
};

/** Medians of rounds that are taken in turn, so that what disturbs the machine disturbs both. The first of each warms up. */
export async function inTurn(
  rounds: number,
  ours: () => Promise<number>,
  baseline: () => Promise<number>,
): Promise<{ readonly ours: number; readonly baseline: number }> {
  await baseline();
  await ours();
  const figures: { ours: number[]; baseline: number[] } = { ours: [], baseline: [] };
  for (let round = 0; round < rounds; round += 1) {
    figures.baseline.push(await baseline());
    figures.ours.push(await ours());
  }
  return { ours: median(figures.ours), baseline: median(figures.baseline) };
}
