import { count, type Finding, type postgres } from "../../src/sdk/index.ts";
import { isLeftover, leftBehind } from "./index-upkeep.ts";

type Invalid = postgres.IndexHints["invalid"][number];
type Name = "dropInvalid" | "rebuildInvalid" | "attachIndexes";

const names = (all: readonly Invalid[]) =>
  all
    .map(({ index }) => index)
    .slice(0, 3)
    .join(", ");

const unfinished = (all: readonly Invalid[]) => all.filter(({ lacking }) => lacking !== null);

/** Indexes no query uses: those a failed build left behind, and those of partitioned tables that are not whole yet. */
export function indexFindings(all: readonly Invalid[]): Finding<Name>[] {
  const left = leftBehind(all);
  const parts = unfinished(all);
  return [
    ...(left.length === 0
      ? []
      : [
          {
            id: "invalid-indexes",
            severity: "warning" as const,
            title: `${count(left.length, "invalid index", "invalid indexes")}: ${names(left)}`,
            because: `A concurrent build failed and left it behind: no query uses it, every write maintains it. ${left.every(isLeftover) ? "The index it was to replace is there as before." : "Find out why the build failed (duplicates, a deadlock, a cancelled session) before it is built again; IF NOT EXISTS would skip it silently."}`,
            remedies: left.every(isLeftover)
              ? (["dropInvalid"] as const)
              : (["rebuildInvalid", "dropInvalid"] as const),
          },
        ]),
    ...(parts.length === 0
      ? []
      : [
          {
            id: "unfinished-indexes",
            severity: "info" as const,
            title: `${count(parts.length, "index of a partitioned table is", "indexes of partitioned tables are")} not whole: ${names(parts)}`,
            because: `It was made with CREATE INDEX ON ONLY: it holds nothing itself and counts once every partition has its own attached${sayLacking(parts)}. Partitions that have one use it already.`,
            remedies: ["attachIndexes" as const],
          },
        ]),
  ];
}

const sayLacking = ([first]: readonly Invalid[]) =>
  first?.lacking?.length ? ` (still without: ${first.lacking.join(", ")})` : "";

export const adviseUnfinished = (all: readonly Invalid[]): string =>
  unfinished(all)
    .map(
      ({ index, lacking, statement }) =>
        `For each partition without one (${lacking?.join(", ") || "see pg_inherits"}): CREATE INDEX CONCURRENTLY <name> ON <partition> (<the columns of ${index}>), then ALTER INDEX ${index} ATTACH PARTITION <name>; with the last one it becomes valid. If it is not wanted: ${statement} (CONCURRENTLY is not possible for it).`,
    )
    .join(" ");
