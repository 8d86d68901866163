import { count, postgres, rows, runbookOn, z } from "../../src/sdk/index.ts";
import { adviseRebuild, indexBloatFinding } from "./bloat.ts";
import { adviseInvalid, adviseUnfinished, indexFindings } from "./invalid-indexes.ts";
import { adviseRedundant, adviseUnused, needlessFindings } from "./needless-indexes.ts";
import { adviseGaps, gapFinding } from "./partition-gaps.ts";

/** Indexes that only cost, that are broken, and that are missing for foreign keys. Guides: missing indexes, database maintenance. */
const book = runbookOn(
  "postgres",
  {
    id: "pg-indexes",
    title: "Postgres indexes",
    covers: ["tektra.db-maintenance"],
    alerts: ["PostgresqlUnusedIndex", "PostgresqlInvalidIndex", "PostgresqlDuplicateIndex"],
    params: z.object({
      minimumMiB: z
        .int()
        .min(0)
        .max(1_000_000)
        .default(1)
        .describe("leave out indexes smaller than this, in MiB"),
      minimumDays: z
        .int()
        .min(0)
        .max(365)
        .default(14)
        .describe("call an index unused only where reads are counted for this many days"),
      bloatMiB: z
        .int()
        .min(0)
        .max(1_000_000_000)
        .default(100)
        .describe("report indexes with at least this much empty space, if it is most of them, in MiB"),
    }),
  },
  ({ params }) => ({
    bloat: postgres.indexBloat({ minimumBytes: params.bloatMiB * 1_048_576 }),
    use: postgres.indexUse({ minimumBytes: params.minimumMiB * 1_048_576, minimumDays: params.minimumDays }),
    hints: postgres.indexHints(),
    partitions: postgres.partitionGaps({ minimumBytes: params.minimumMiB * 1_048_576 }),
  }),
);

export const pgIndexes = book
  .remedies({
    dropRedundant: book.advises("Drop the index that another one stands for", "high", ({ use }) =>
      adviseRedundant(use),
    ),
    dropUnused: book.advises("Drop what nobody reads", "high", ({ use }) => adviseUnused(use)),
    dropInvalid: book.advises("Drop the invalid index and build it again", "high", ({ hints }) =>
      adviseInvalid(hints?.invalid ?? []),
    ),
    attachIndexes: book.advises("Finish the index of the partitioned table", "low", ({ hints }) =>
      adviseUnfinished(hints?.invalid ?? []),
    ),
    indexPartitions: book.advises("Build the index that one partition lacks", "high", ({ partitions }) =>
      adviseGaps(partitions?.gaps ?? []),
    ),
    rebuildBloated: book.advises("Build the bloated index anew", "low", ({ bloat }) => adviseRebuild(bloat)),
    indexKeys: book.advises(
      "Build the index of the foreign key",
      "high",
      ({ hints }) =>
        `One at a time, alone (not in a transaction block), with SET lock_timeout = '5s': ${(
          hints?.foreignKeys ?? []
        )
          .slice(0, 5)
          .map(({ statement }) => statement)
          .join(
            "; ",
          )}. On a partitioned table CONCURRENTLY is not possible: CREATE INDEX ON ONLY it, then concurrently on each partition, then ATTACH.`,
    ),
  })
  .findings((find) => [
    find(["hints"], ({ hints: { invalid } }) => indexFindings(invalid)),
    find(["partitions"], ({ partitions }) => gapFinding(partitions.gaps)),
    find(["use"], ({ use }) => needlessFindings(use)),
    find(["bloat"], ({ bloat }) => indexBloatFinding(bloat)),
    find(
      ["hints"],
      ({ hints: { foreignKeys } }) =>
        foreignKeys.length > 0 && {
          id: "foreign-keys-without-index",
          severity: "info",
          title: `${count(foreignKeys.length, "foreign key")} of big tables without an index`,
          because: `Deleting or changing a referenced row, and every join over ${foreignKeys[0]?.table}(${foreignKeys[0]?.columns}), scans the whole table. It may be as it should where that never happens.`,
          evidence: [
            rows("", foreignKeys, {
              table: (one) => one.table,
              columns: (one) => one.columns,
              constraint: (one) => one.constraint,
              rows: (one) => Math.round(one.rows),
            }),
          ],
          remedies: ["indexKeys"],
        },
    ),
  ]);
