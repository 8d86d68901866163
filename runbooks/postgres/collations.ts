import { count, type Finding, type postgres, rows, sqlName } from "../../src/sdk/index.ts";

type Collations = postgres.Collations;

/** The library that orders text was replaced since the indexes were built. */
export function collationFinding(one: Collations): Finding<"reindexText"> | undefined {
  const { database, databases, named, indexes } = one;
  const own = databases.find((other) => other.database === database);
  const [first] = [...(own === undefined ? [] : [own]), ...databases, ...named];
  if (first === undefined) return undefined;
  const what =
    "database" in first
      ? `database ${first.database}${databases.length > 1 ? ` and ${count(databases.length - 1, "other")}` : ""}`
      : first.collation;
  const here =
    own === undefined && named.length === 0
      ? `In ${database} itself nothing is concerned.`
      : `${count(indexes, "index", "indexes")} of ${database} ${indexes === 1 ? "is" : "are"} in that order.`;
  return {
    id: "collation-changed",
    severity: "warning",
    title: `The order of text may have changed under ${what}: made with collation version ${first.recorded}, the server now has ${first.actual}`,
    because: `The C library or ICU was replaced (an upgrade of the system, another image, a restore on another system). Where it orders texts otherwise, an index does not find rows that are there, and a unique one lets duplicates in. ${here} Whether any text of yours is concerned is not known: only amcheck, or building them anew, says so.`,
    evidence: [
      rows(
        "",
        [
          ...databases.map((other) => ({ name: `database ${other.database}`, ...other })),
          ...named.map((other) => ({ name: other.collation, ...other })),
        ],
        {
          collation: (other) => other.name,
          "made with": (other) => other.recorded,
          now: (other) => other.actual,
        },
      ),
    ],
    remedies: ["reindexText"],
  };
}

/** First the indexes, then the version: the other way round only the warning goes. */
export function adviseReindex(one: Collations | undefined): string {
  const names = one === undefined ? [] : one.databases.map(({ database }) => database);
  const refresh = [
    ...names.slice(0, 5).map((name) => `ALTER DATABASE ${sqlName(name)} REFRESH COLLATION VERSION`),
    ...(one?.named ?? []).slice(0, 5).map(({ collation }) => `ALTER COLLATION ${collation} REFRESH VERSION`),
  ];
  return `Take a backup. Find out whether it was meant (then pin the image or package), and go back to the old library if it was not: that mends it at once. Otherwise, in each database, see which indexes are hurt (pg_amcheck --heapallindexed; CREATE EXTENSION amcheck lets diagbot look at small ones), remove duplicates that unique ones let in, and build those over text anew: REINDEX INDEX CONCURRENTLY each, or REINDEX DATABASE in a window. Partitions by text ranges and materialised orders are to be looked at, too. Only then: ${refresh.join("; ") || "ALTER DATABASE … REFRESH COLLATION VERSION"}, which changes nothing but the number that is recorded and so silences the warning.`;
}
