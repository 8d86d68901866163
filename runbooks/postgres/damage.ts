import { count, type Finding, type postgres, rows } from "../../src/sdk/index.ts";

const names = <T>(all: readonly T[], name: (one: T) => string): string =>
  all.slice(0, 3).map(name).join(", ");

/** Indexes that do not hold what they should. */
export const indexDamage = ({
  damaged,
  checked,
  total,
}: postgres.Integrity): Finding<"rebuildIndexes"> | false =>
  damaged.length > 0 && {
    id: "damaged-indexes",
    severity: "critical",
    damage: "data-loss",
    title: `${count(damaged.length, "damaged index", "damaged indexes")}: ${names(damaged, ({ index }) => index)}`,
    because: `amcheck looked at ${checked} of ${total} B-trees up to 64 MB. Queries over a damaged index return too few rows, and unique ones let duplicates in.`,
    evidence: [
      rows("", damaged, {
        index: (one) => one.index,
        table: (one) => one.table,
        error: (one) => one.error,
      }),
    ],
    remedies: ["rebuildIndexes"],
  };

/** Tables whose rows do not hold together. An index can be built anew, these cannot. */
export const tableDamage = (tables: postgres.HeapCheck | undefined): Finding<"saveData"> | false => {
  const { damaged = [], checked, total } = tables ?? {};
  return (
    damaged.length > 0 && {
      id: "damaged-tables",
      severity: "critical",
      damage: "data-loss",
      title: `${count(damaged.length, "damaged table")}: ${names(damaged, ({ table }) => table)}`,
      because: `amcheck looked at ${checked} of ${total} tables up to 64 MB, and stopped at the first fault of each. Rows there are lost or wrong, and statements that meet them may fail or end the server's process; building an index anew or a vacuum mends no table.`,
      evidence: [
        rows("", damaged, {
          table: (one) => one.table,
          block: (one) => one.block,
          error: (one) => one.error,
        }),
      ],
      explains: ["damaged-indexes"],
      remedies: ["saveData"],
    }
  );
};
