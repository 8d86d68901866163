const AROUND = 2;

/**
 * What changed between two texts: lines that went (`- `), lines that came (`+ `) and up to two unchanged ones around them
 * (`  `), `…` where some are left out. Empty: nothing changed. Time and memory grow with the product of the changed parts.
 */
export function changedLines(before: string, after: string): string[] {
  const all = marked(before.split("\n"), after.split("\n"));
  const isChanged = all.map(({ mark }) => mark !== " ");
  const isNear = (index: number) =>
    isChanged.slice(Math.max(0, index - AROUND), index + AROUND + 1).includes(true);
  const lines: string[] = [];
  for (const [index, { mark, line }] of all.entries()) {
    if (isNear(index)) lines.push(`${mark} ${line}`);
    else if (lines.length > 0 && lines.at(-1) !== "…") lines.push("…");
  }
  return lines.at(-1) === "…" ? lines.slice(0, -1) : lines;
}

interface Marked {
  readonly mark: " " | "-" | "+";
  readonly line: string;
}

function marked(before: readonly string[], after: readonly string[]): Marked[] {
  const head = countSame(before, after);
  const tail = countSame(before.slice(head).toReversed(), after.slice(head).toReversed());
  const as = (mark: Marked["mark"], lines: readonly string[]) => lines.map((line) => ({ mark, line }));
  return [
    ...as(" ", before.slice(0, head)),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...as(" ", before.slice(before.length - tail)),
  ];
}

function countSame(one: readonly string[], other: readonly string[]): number {
  let same = 0;
  while (same < one.length && same < other.length && one[same] === other[same]) same += 1;
  return same;
}

/** The longest common lines stay; the rest went or came. */
function middle(before: readonly string[], after: readonly string[]): Marked[] {
  const common = commonFrom(before, after);
  const at = (i: number, j: number) => common[i]?.[j] ?? 0;
  const lines: Marked[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const [went, came] = [before[i], after[j]];
    if (went !== undefined && went === came) {
      lines.push({ mark: " ", line: went });
      i += 1;
      j += 1;
    } else if (went !== undefined && (came === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ mark: "-", line: went });
      i += 1;
    } else {
      lines.push({ mark: "+", line: came ?? "" });
      j += 1;
    }
  }
  return lines;
}

/** For each pair of places, how many lines are common from there on. */
function commonFrom(before: readonly string[], after: readonly string[]): number[][] {
  const common = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--) {
      const [row, below] = [common[i], common[i + 1]];
      if (row === undefined || below === undefined) continue;
      row[j] = before[i] === after[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  return common;
}
