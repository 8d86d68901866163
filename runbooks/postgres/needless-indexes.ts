import { count, type Finding, type postgres, rows, sayBytes, sayDuration } from "../../src/sdk/index.ts";

type Use = postgres.IndexUse;
type Redundant = postgres.RedundantIndex;
type Name = "dropDoubled" | "dropCovered" | "dropUnused";

const sum = (all: readonly { readonly bytes: number }[]) => all.reduce((bytes, one) => bytes + one.bytes, 0);
const names = (all: readonly { readonly index: string }[]) =>
  all
    .map(({ index }) => index)
    .slice(0, 3)
    .join(", ");

/** Indexes that only cost. */
export function needlessFindings(use: Use): Finding<Name>[] {
  const same = use.redundant.filter(({ isSame }) => isSame);
  const beginning = use.redundant.filter(({ isSame }) => !isSame);
  const doubled = new Set(use.redundant.map(({ index }) => index));
  const unused = (use.unused ?? []).filter(({ index }) => !doubled.has(index));
  return [
    ...(same.length === 0
      ? []
      : [
          {
            id: "duplicate-indexes",
            severity: "warning" as const,
            title: `${count(same.length, "index is", "indexes are")} the same as another one: ${names(same)} (${sayBytes(sum(same))})`,
            because:
              "The other one has the same columns, order, operators, condition and expressions, and answers whatever this one does: every write maintains both.",
            evidence: [redundantRows(same)],
            remedies: ["dropDoubled" as const],
          },
        ]),
    ...(beginning.length === 0
      ? []
      : [
          {
            id: "covered-indexes",
            severity: "info" as const,
            title: `${count(beginning.length, "index is", "indexes are")} the beginning of a longer one: ${names(beginning)} (${sayBytes(sum(beginning))})`,
            because:
              "The longer one finds the same rows; the shorter is smaller and may be a little faster. Usually one of them is enough.",
            evidence: [redundantRows(beginning)],
            remedies: ["dropCovered" as const],
          },
        ]),
    ...(unused.length === 0 ? [] : [unusedFinding(unused, use)]),
  ];
}

const unusedFinding = (unused: readonly postgres.UnusedIndex[], use: Use): Finding<Name> => ({
  id: "unused-indexes",
  severity: "info",
  title: `${count(unused.length, "index was", "indexes were")} never read${use.countedSeconds === null ? "" : ` for ${sayDuration(use.countedSeconds * 1000)}`}, but written to: ${names(unused)} (${sayBytes(sum(unused))})`,
  because: `${use.countedSeconds === null ? "Since when is counted is not known." : "So long is counted at most, and by the transactions since then the index is about as old; what runs more seldom is not in it."} ${sayOthers(use)} None of them is unique or belongs to a constraint.`,
  evidence: [
    rows("", unused, {
      index: (one) => one.index,
      table: (one) => one.table,
      size: (one) => sayBytes(one.bytes),
      "rows written to the table": (one) => one.writes,
    }),
  ],
  remedies: ["dropUnused"],
});

const sayOthers = ({ standbys, inRecovery }: Use): string => {
  if (inRecovery) return "This is a standby: what its primary and other standbys read is counted there.";
  return standbys === 0
    ? "No standby follows now; one that did would count its own reads."
    : `${count(standbys, "standby follows", "standbys follow")} this server, and what reads there is counted there only.`;
};

const redundantRows = (all: readonly Redundant[]) =>
  rows("", all, {
    index: (one) => one.index,
    "served by": (one) => one.by,
    table: (one) => one.table,
    size: (one) => sayBytes(one.bytes),
  });

const ALONE =
  "Each alone and outside a transaction, with SET lock_timeout = '5s'; keep its definition first (SELECT pg_get_indexdef(…)): that builds it again.";

export const adviseCovered = (use: Use | undefined): string =>
  `${(use?.redundant ?? [])
    .filter(({ isSame }) => !isSame)
    .slice(0, 5)
    .map(({ statement, by }) => `${statement} (${by} stays)`)
    .join("; ")}. ${ALONE}`;

export const adviseUnused = (use: Use | undefined): string =>
  `First ask the same of every standby (SELECT idx_scan FROM pg_stat_user_indexes) and whoever runs monthly reports. Then: ${(
    use?.unused ?? []
  )
    .slice(0, 5)
    .map(({ statement }) => statement)
    .join("; ")}. ${ALONE}`;
