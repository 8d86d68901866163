import { count, postgres, rows, runbookOn, z } from "../../src/sdk/index.ts";
import { adviseRebuild, indexBloatFinding } from "./bloat.ts";
import {
  adviseKeys,
  bloatedToRebuild,
  doubledToDrop,
  invalidToDrop,
  invalidToRebuild,
  keyToIndex,
  remediesOfKeys,
} from "./index-upkeep.ts";
import { adviseUnfinished, indexFindings } from "./invalid-indexes.ts";
import { adviseCovered, adviseUnused, needlessFindings } from "./needless-indexes.ts";
import { adviseGaps, gapFinding } from "./partition-gaps.ts";

/** Indexes that only cost, that are broken, and that are missing for foreign keys. Guides: missing indexes, database maintenance. */
const book = runbookOn(
  "postgres",
  {
    id: "pg-indexes",
    title: "Postgres indexes",
    covers: ["tektra.db-maintenance", "sergas-agents.missing-indexes", "sergas-accounts.missing-indexes"],
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
    dropDoubled: book.does(postgres.dropIndex, ["use"], ({ use }) => doubledToDrop(use), {
      title: "Drop the index that is the same as another one",
    }),
    dropCovered: book.advises("Drop the index that a longer one stands for", "high", ({ use }) =>
      adviseCovered(use),
    ),
    dropUnused: book.advises("Drop what nobody reads", "high", ({ use }) => adviseUnused(use)),
    rebuildInvalid: book.does(postgres.reindexIndex, ["hints"], ({ hints }) => invalidToRebuild(hints), {
      title: "Build the invalid index anew",
    }),
    dropInvalid: book.does(postgres.dropIndex, ["hints"], ({ hints }) => invalidToDrop(hints), {
      title: "Drop the invalid index",
    }),
    attachIndexes: book.advises("Finish the index of the partitioned table", "low", ({ hints }) =>
      adviseUnfinished(hints?.invalid ?? []),
    ),
    indexPartitions: book.advises("Build the index that one partition lacks", "high", ({ partitions }) =>
      adviseGaps(partitions?.gaps ?? []),
    ),
    reindexBloated: book.does(postgres.reindexIndex, ["bloat"], ({ bloat }) => bloatedToRebuild(bloat), {
      title: "Build the bloated index anew",
    }),
    rebuildBloated: book.advises("Build the bloated indexes anew in a quiet hour", "low", ({ bloat }) =>
      adviseRebuild(bloat),
    ),
    createKeyIndex: book.does(postgres.createIndex, ["hints"], ({ hints }) => keyToIndex(hints), {
      title: "Build the index of the foreign key",
    }),
    indexKeys: book.advises("Build the indexes of the foreign keys", "high", ({ hints }) =>
      adviseKeys(hints?.foreignKeys ?? []),
    ),
  })
  .findings((find) => [
    find(["hints"], ({ hints: { invalid } }) => indexFindings(invalid)),
    find(["partitions"], ({ partitions }) => gapFinding(partitions.gaps)),
    find(["use"], ({ use }) => needlessFindings(use)),
    find(["bloat"], ({ bloat }) => indexBloatFinding(bloat)),
    find(
      ["hints"],
      ({ hints, hints: { foreignKeys } }) =>
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
          remedies: remediesOfKeys(hints),
        },
    ),
  ]);
