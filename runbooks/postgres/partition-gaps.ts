import { count, type Finding, type postgres, rows, sayBytes } from "../../src/sdk/index.ts";

type Gap = postgres.PartitionGap;

/** A partition that was made, or attached, without an index its siblings have. */
export function gapFinding(gaps: readonly Gap[]): Finding<"indexPartitions"> | undefined {
  const [first] = gaps;
  if (first === undefined) return undefined;
  return {
    id: "partition-without-index",
    severity: "warning",
    title: `${first.partition} alone lacks the index on (${first.columns}) that ${first.having} of ${first.of} partitions of ${first.root} have${gaps.length > 1 ? `, and ${count(gaps.length - 1, "more like it", "more like it")}` : ""}`,
    because: `Statements that look by it read that partition whole (${sayBytes(first.bytes)}, about ${Math.round(first.rows).toLocaleString("en")} rows), the others not. Mostly it was made by hand or attached without it; if nobody looks by that in this one (an archive, the default partition), it is meant so.`,
    evidence: [
      rows("", gaps, {
        partition: (one) => one.partition,
        lacks: (one) => one.columns,
        "as on": (one) => one.like,
        have: (one) => `${one.having} of ${one.of}`,
        rows: (one) => Math.round(one.rows),
        size: (one) => sayBytes(one.bytes),
      }),
    ],
    remedies: ["indexPartitions"],
  };
}

export const adviseGaps = (gaps: readonly Gap[]): string =>
  `One at a time, alone (not in a transaction block), with SET lock_timeout = '5s': ${gaps
    .slice(0, 5)
    .map(({ statement }) => statement)
    .join(
      "; ",
    )}. So that it does not happen again: make the index one of the partitioned table (CREATE INDEX ON ONLY it, ALTER INDEX … ATTACH PARTITION each that is there): a new partition then gets its own by itself.`;
