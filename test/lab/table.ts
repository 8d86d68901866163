import type { Totals } from "./judge.ts";
import type { Outcome } from "./words.ts";

const WIDEST = 56;

/** The table people read: a row for each scenario. */
export function table(outcomes: readonly Outcome[]): string {
  const rows = [
    ["scenario", "items", "component", "first finding", "right", "remedy", "gone", "twin silent", "evidence"],
    ...outcomes.map(rowOf),
  ];
  const widths = rows[0]?.map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function rowOf(one: Outcome): string[] {
  const head = [one.id, shorten(one.items.join(", ")), one.components.join(", ")];
  if (one.notRun !== undefined) return [...head, shorten(`not run: ${one.notRun}`)];
  return [
    ...head,
    shorten(one.first === undefined ? "–" : one.first.id),
    yes(one.right),
    one.remedy ?? "–",
    yes(one.verified),
    one.falseFindings === undefined ? "–" : yes(one.falseFindings.length === 0),
    one.evidenceSeconds === undefined ? "–" : `${one.evidenceSeconds.toFixed(1)} s`,
  ];
}

const yes = (is: boolean | undefined): string => (is === undefined ? "–" : is ? "yes" : "NO");

const shorten = (text: string): string =>
  text.length > WIDEST ? `${text.slice(0, WIDEST - 1).trimEnd()}…` : text;

/** What was shown, in lines. */
export function sums(totals: Totals, seconds: number, uncovered: readonly string[]): string {
  const { ran, scenarios, notRun, rightFirst, applied, verified, twins, falseFindings } = totals;
  const evidence = [totals.evidenceP50, totals.evidenceP95]
    .map((value) => (value === undefined ? "–" : `${value.toFixed(1)} s`))
    .join(" / ");
  return [
    `ran ${ran} of ${scenarios} scenarios${notRun > 0 ? `; ${notRun} not run, which says nothing of them` : ""}`,
    `right cause first: ${rightFirst} of ${ran}`,
    `remedies applied: ${applied}, gone afterwards: ${verified}`,
    `findings above info in ${twins} healthy twins: ${falseFindings}`,
    `first evidence after the notification, p50 / p95: ${evidence}`,
    `run time: ${Math.round(seconds)} s`,
    ...(uncovered.length === 0
      ? []
      : [`issues of the guides without a scenario (${uncovered.length}): ${uncovered.join(", ")}`]),
  ].join("\n");
}
