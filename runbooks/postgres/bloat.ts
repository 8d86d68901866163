import { count, type Finding, type postgres, rows, sayBytes, sayPercent } from "../../src/sdk/index.ts";
import { isSmall } from "./index-upkeep.ts";

type Bloat = postgres.Bloat;
type Bloated = Bloat["bloated"][number];

/** From here on it is worth a window. */
const MUCH = 10 * 1024 ** 3;

const sum = (all: readonly Bloated[]) => all.reduce((bytes, one) => bytes + (one.measured ?? one.least), 0);

/** Both ends of the estimate are said: they differ by the padding that the order of columns costs. */
const say = ({ least, about, measured }: Bloated): string =>
  measured === null ? `${sayBytes(least)} to ${sayBytes(about)}` : `${sayBytes(measured)}, measured`;

const titleOf = (all: readonly Bloated[], first: Bloated, what: string): string =>
  `${first.name} is mostly empty space: ${first.measured === null ? "at least " : ""}${sayBytes(first.measured ?? first.least)} of ${sayBytes(first.bytes)} (${sayPercent((first.measured ?? first.least) / first.bytes)})${all.length > 1 ? `, and ${count(all.length - 1, `more ${what}`, `more ${what}s`)}, together ${sayBytes(sum(all))}` : ""}`;

const tableOf = (all: readonly Bloated[]) =>
  rows("", all, {
    name: (one) => one.name,
    size: (one) => sayBytes(one.bytes),
    rows: (one) => Math.round(one.rows),
    empty: say,
    share: (one) => sayPercent((one.measured ?? one.least) / one.bytes),
  });

const ERROR =
  "By the planner's statistics, so as old as the last ANALYZE and vacuum; the lower figure allows for all padding between columns.";

/** Space in tables that vacuum has freed within them, and that only a rewrite gives back. */
export function tableBloatFinding({ bloated }: Bloat): Finding<"rewriteTables"> | undefined {
  const [first] = bloated;
  if (first === undefined) return undefined;
  return {
    id: "table-bloat",
    severity: sum(bloated) >= MUCH ? "warning" : "info",
    title: titleOf(bloated, first, "table"),
    because: `${first.measured === null ? ERROR : "Measured by pgstattuple."} New rows fill it again, so after one large DELETE it harms only what reads the whole table, the cache and the backups. Where it grows although nothing is kept longer, vacuum does not keep up, or was held back: that is said beside it.`,
    evidence: [tableOf(bloated)],
    remedies: ["rewriteTables"],
  };
}

/** Space in B-trees: pages that hold a few entries each are never joined. */
export function indexBloatFinding({
  bloated,
}: Bloat): Finding<"reindexBloated" | "rebuildBloated"> | undefined {
  const [first] = bloated;
  if (first === undefined) return undefined;
  return {
    id: "index-bloat",
    severity: sum(bloated) >= MUCH ? "warning" : "info",
    title: titleOf(bloated, first, "index").replace(/more indexs/, "more indexes"),
    because: `${ERROR} B-trees are a third empty after a while, and as they should be; this is beyond that. Pages on which a few entries are left (old rows deleted but some, changes of indexed columns while vacuum was held back) are used again only for entries that belong between those.`,
    evidence: [tableOf(bloated)],
    remedies: [
      ...(bloated.some(isSmall) ? (["reindexBloated"] as const) : []),
      ...(bloated.length > 1 || !bloated.some(isSmall) ? (["rebuildBloated"] as const) : []),
    ],
  };
}

export const adviseRewrite = (bloat: Bloat | undefined): string => {
  const names = (bloat?.bloated ?? []).slice(0, 5).map(({ name }) => name);
  const needs = (bloat?.bloated ?? [])
    .slice(0, 5)
    .map(({ name, bytes, least, measured }) => `${name} ${sayBytes(bytes - (measured ?? least))}`);
  return `First see to it that it does not come back (pg-vacuum beside this: who holds vacuum back, which table it does not get to; delete by partition instead of by row). Then, only if the space or the reads matter: pg_repack or pg_squeeze of ${names.join(", ") || "it"} (online; needs a key and as much free disk as the table will take), or VACUUM (FULL, ANALYZE) of that one table, never of the whole database, in a window with the application stopped and SET lock_timeout = '5s': nobody reads or writes it for as long as it takes, about a minute for every few GiB. The new file stands beside the old one until the end: it needs that much free disk (${needs.join(", ") || "what is left of the table"}, and all its indexes once more), so on a full disk it fails. diagbot does not do it: no time is sure to be enough, and what is interrupted was for nothing. To know before: CREATE EXTENSION pgstattuple; SELECT * FROM pgstattuple_approx('${names[0] ?? "<table>"}').`;
};

export const adviseRebuild = (bloat: Bloat | undefined): string =>
  `Each alone, outside a transaction, with free disk for a second one: ${(bloat?.bloated ?? [])
    .slice(0, 5)
    .map(({ name }) => `REINDEX INDEX CONCURRENTLY ${name}`)
    .join(
      "; ",
    )}. It waits for transactions that are older than it. If it fails, an index with _ccnew at the end is left and is dropped. To know before: SELECT avg_leaf_density FROM pgstatindex('<index>') of pgstattuple, which reads all of it.`;
