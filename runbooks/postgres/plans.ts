import { clip, count, type Finding, type postgres, rows, sayBytes, sayPercent } from "../../src/sdk/index.ts";
import { scanToIndex } from "./index-upkeep.ts";

type Plans = postgres.Plans;
type Whole = postgres.WholeScan;
type Name = "createIndex" | "buildIndex" | "useIndex" | "tune";
interface Read {
  readonly scan: Whole;
  readonly plan: postgres.StatementPlan;
}

const tableOf = ({ root, table }: Whole) => root ?? table;
const whole = (n: number) => Math.round(n).toLocaleString("en");

/** One of each table and columns, in the order of the plans: the worst statement's come first. */
function readsOf({ plans }: Plans): Read[] {
  const all = plans.flatMap((plan) => plan.scans.map((scan) => ({ plan, scan })));
  const key = ({ scan }: Read) => `${tableOf(scan)} ${scan.why} ${scan.columns.join(",")}`;
  return all.filter((one, at) => all.findIndex((other) => key(other) === key(one)) === at);
}

const missingOf = (plans: Plans) => readsOf(plans).filter(({ scan }) => scan.why === "missing");
const unusedOf = (plans: Plans) => readsOf(plans).filter(({ scan }) => scan.why !== "missing");

/** What the plans of the slow statements show; `worst` is the id of the slowest one. */
export function planFindings(plans: Plans, worst: string | undefined): Finding<Name>[] {
  const missing = missingOf(plans);
  const unused = unusedOf(plans);
  const [first] = missing;
  const [other] = unused;
  const isWorst = (one: Read) => one.plan.id === worst;
  return [
    ...(first === undefined
      ? []
      : [
          {
            id: "missing-index",
            severity: "warning" as const,
            title: `No index on ${tableOf(first.scan)}(${first.scan.columns.join(", ")}): a slow statement reads all of its ${whole(first.scan.rows)} rows${missing.length > 1 ? ` (and ${count(missing.length - 1, "more like it", "more like it")})` : ""}`,
            because: `Its plan (without running it, for any values) reads the whole table and keeps what passes ${clip(first.scan.filter, 120)}${sayShare(first.scan)}.`,
            evidence: [readRows(missing)],
            remedies: [
              ...(scanToIndex(plans).length > 0 ? ["createIndex" as const] : []),
              ...(missing.length > 1 || scanToIndex(plans).length === 0 ? ["buildIndex" as const] : []),
              "tune" as const,
            ],
            // Only what the plan of the slowest statement shows explains that it is slow.
            explains: ["sequential-scans", ...(missing.some(isWorst) ? ["slow-on-average"] : [])],
          },
        ]),
    ...(other === undefined
      ? []
      : [
          {
            id: "index-not-used",
            severity: "info" as const,
            title: `A slow statement reads all of ${tableOf(other.scan)} (${whole(other.scan.rows)} rows), and a new index would not help`,
            because: sayWhy(other.scan),
            evidence: [readRows(unused)],
            remedies: ["useIndex" as const],
          },
        ]),
  ];
}

const sayShare = ({ share, rows: all }: Whole) =>
  share === null
    ? "; how many that are is not known (the table is not analyzed, or its statistics are hidden from the bot's role)"
    : `: ${share < 0.0005 ? `about ${whole(Math.max(1, share * all))} rows` : sayPercent(share)} on average`;

function sayWhy(scan: Whole): string {
  const columns = scan.columns.join(", ");
  switch (scan.why) {
    case "unselective":
      return `${columns}: one value is that of ${sayPercent(scan.share ?? 0)} of the rows on average (planner's statistics), and then reading all of them is cheaper than an index.`;
    case "wrapped":
      return `${columns} stands in a function, a cast or a pattern (${clip(scan.filter, 120)}): an index on the column itself${scan.existing === null ? "" : ` (${scan.existing} is one)`} does not find rows by that.`;
    case "invalid":
      return `${scan.existing} is on ${columns}, but invalid: no query uses it.`;
    case "partial":
      return `${scan.existing} is on ${columns}, but partial: it serves only where the statement repeats its condition, and a plan for any value cannot.`;
    default:
      return `${scan.existing} is on ${columns}; for any value the planner still holds reading everything for cheaper${scan.share === null ? " (how many rows a value has is not known: ANALYZE the table)" : ` (${sayPercent(scan.share)} of the rows on average)`}. With the values of the application it may use it.`;
  }
}

const readRows = (reads: readonly Read[]) =>
  rows("Read whole, by plan", reads, {
    table: ({ scan }) => scan.table,
    columns: ({ scan }) => scan.columns.join(", "),
    rows: ({ scan }) => Math.round(scan.rows),
    passing: ({ scan }) => (scan.share === null ? null : sayPercent(scan.share)),
    index: ({ scan }) => scan.existing,
    size: ({ scan }) => sayBytes(scan.bytes),
    filter: ({ scan }) => clip(scan.filter, 120),
    statement: ({ plan }) => clip(plan.statement, 120),
  });

const BUILD =
  "One at a time, alone (not in a transaction block, not through a transaction pooler), with SET lock_timeout = '5s' and free disk for the index";

/** The names are the server's own quoting of what it found in its catalog. */
export function adviseBuild(plans: Plans | undefined): string {
  const missing = plans === undefined ? [] : missingOf(plans).slice(0, 3);
  const statements = missing.map(({ scan: { root, table, columns } }) =>
    root === null
      ? `CREATE INDEX CONCURRENTLY ON ${table} (${columns.join(", ")})`
      : `CREATE INDEX <name> ON ONLY ${root} (${columns.join(", ")}); for each partition CREATE INDEX CONCURRENTLY <part> ON <partition> (${columns.join(", ")}), then ALTER INDEX <name> ATTACH PARTITION <part>`,
  );
  return `${BUILD}: ${statements.join("; ")}. Every write to the table pays for it. Afterwards look whether it is valid (pg_index.indisvalid): a failed concurrent build leaves an index that only costs.`;
}

const USE: Readonly<Record<Whole["why"], (scan: Whole) => string>> = {
  missing: () => "",
  unselective: ({ columns }) =>
    `No index on ${columns.join(", ")} alone: ask for fewer rows (a further condition, a key to page by), or, where only a rare value is asked for, a partial index WHERE it has that value.`,
  wrapped: ({ columns, table }) =>
    `Compare ${columns.join(", ")} itself, with a value of its own type; or index the expression as it stands in the statement: CREATE INDEX CONCURRENTLY ON ${table} ((<the expression>)); for LIKE '%…%' an index of pg_trgm.`,
  invalid: ({ existing }) => `REINDEX INDEX CONCURRENTLY ${existing}, alone and outside a transaction.`,
  partial: ({ existing }) =>
    `Write the condition of ${existing} into the statement as a constant, or build one without it.`,
  existing: ({ existing, table }) =>
    `ANALYZE ${table}, then explain the statement with values of the application and see whether it uses ${existing}.`,
};

export const adviseUse = (plans: Plans | undefined): string =>
  (plans === undefined ? [] : unusedOf(plans))
    .slice(0, 3)
    .map(({ scan }) => USE[scan.why](scan))
    .join(" ");
