import { type Finding, postgres, runbookOn, shellWord, sqlText, z } from "../../src/sdk/index.ts";

/** Rows that are older than they need be kept: counted, and deleted in batches once they were exported. Guide: audit logs. */
const book = runbookOn(
  "postgres",
  {
    id: "pg-retention",
    title: "Old rows of a Postgres table",
    covers: ["sergas-accounts.audit-log-retention"],
    params: z.object({
      table: z
        .string()
        .min(3)
        .max(200)
        .regex(/^[^.]+\.[^.]+$/, "schema.table")
        .default("public.audit_logs")
        .describe("schema.table, quoted where Postgres would quote it"),
      column: z
        .string()
        .min(1)
        .max(63)
        .default("created_at")
        .describe("the column that says how old a row is"),
      days: z.int().min(30).max(10_000).default(90).describe("rows older than this many days"),
      exportSha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits")
        .optional()
        .describe("SHA-256 of the file they were exported to; only then is deleting them offered"),
    }),
  },
  ({ params: { table, column, days }, now }) => ({
    rows: postgres.oldRows({ table, column, before: cutOff(now, days) }),
  }),
);

/** Midnight, UTC: the same for all runs of a day. */
function cutOff(now: Date, days: number): string {
  const day = new Date(now.getTime() - days * 86_400_000).toISOString().slice(0, 10);
  return `${day}T00:00:00Z`;
}

export const pgRetention = book
  .remedies({
    deleteOld: book.does(
      postgres.deleteOldRows,
      ["rows"],
      (_seen, { params: { table, column, days, exportSha256 }, now }) =>
        exportSha256 !== undefined && { table, column, before: cutOff(now, days), exportSha256 },
    ),
    exportFirst: book.advises("Export them first", "low", ({ rows }, { params, now }) => {
      const name = rows?.table?.name ?? params.table;
      const column = rows?.table?.column ?? params.column;
      const before = cutOff(now, params.days);
      const file = `${name.replace(/[^\w.]/g, "_")}-${before.slice(0, 10)}.csv.gz`;
      const query = `\\copy (SELECT * FROM ${name} WHERE ${column} < ${sqlText(before)}) TO STDOUT WITH (FORMAT csv, HEADER)`;
      return `On another disk than the database's, with whoever answers for how long they must be kept: \`psql -X -w -v ON_ERROR_STOP=1 -c ${shellWord(query)} <database> | gzip > ${shellWord(file)}\` (with \`set -o pipefail\`), count its lines against the figure above, \`sha256sum ${shellWord(file)}\`, and keep it where it cannot be changed. Then ask again with exportSha256=<that>. A table that only grows is better partitioned by month: an old partition is detached and dropped at once, and its file is gone, too.`;
    }),
    indexFirst: book.advises(
      "Build the index first",
      "high",
      ({ rows }, { params }) =>
        `Alone, outside a transaction, with SET lock_timeout = '5s': CREATE INDEX CONCURRENTLY ON ${rows?.table?.name ?? params.table} (${rows?.table?.column ?? params.column}). For a table that only grows in the order of this column, USING brin is a thousandth of the size, but these batches need a B-tree.`,
    ),
    dropChildren: book.advises(
      "Drop the old tables whole",
      "high",
      ({ rows }, { params, now }) =>
        `Export first, table by table, as whoever answers for them says. Then each whose newest row is from before ${cutOff(now, params.days).slice(0, 10)}: DROP TABLE ${rows?.table?.children[0] ?? "<table>"}, which is done at once and gives its file back. TimescaleDB: SELECT drop_chunks(${sqlText(rows?.table?.name ?? params.table)}, older_than => INTERVAL '${params.days} days'), or a retention policy; pg_partman: its retention.`,
    ),
    sayWhich: book.advises(
      "Say which",
      "low",
      "table=schema.name as Postgres would quote it, and column= a column of type timestamptz, timestamp or date.",
    ),
  })
  .findings((find) => [
    find(["rows"], ({ rows }, { params, now }) =>
      rows.table === null ? absent(params) : (uncounted(rows, params, now) ?? older(rows, params, now)),
    ),
  ]);

type Name = "deleteOld" | "dropChildren" | "exportFirst" | "indexFirst" | "sayWhich";

interface Asked {
  readonly table: string;
  readonly column: string;
  readonly days: number;
  readonly exportSha256?: string | undefined;
}

const absent = ({ table, column }: Asked): Finding<Name> => ({
  id: "no-such-rows",
  severity: "warning",
  title: `There is no table ${table} with a time in ${column}`,
  because: "It may be of another schema, or another database than the connection's. Nothing was looked at.",
  remedies: ["sayWhich"],
});

function uncounted({ table, old }: postgres.OldRows, { days }: Asked, now: Date): Finding<Name> | undefined {
  if (table === null || old !== null) return undefined;
  const [child] = table.children;
  if (child !== undefined)
    return {
      id: "in-children",
      severity: "info",
      title: `The rows of ${table.name} lie in tables that inherit from it (${table.children.slice(0, 3).join(", ")}${table.children.length > 3 ? ", …" : ""})`,
      because:
        "Such tables are partitions made by hand or by an extension, each of a span of time: nothing was counted, and rows are not deleted one by one.",
      remedies: ["dropChildren"],
    };
  return {
    id: "not-counted",
    severity: "info",
    title: `How many rows of ${table.name} are from before ${cutOff(now, days).slice(0, 10)} was not counted`,
    because: table.mayDelete
      ? `No index begins with ${table.column}: counting, and every batch of a delete, would read all of it.`
      : "The bot's role may not read and delete them: GRANT SELECT, DELETE on this one table TO it.",
    remedies: table.mayDelete ? ["indexFirst"] : ["sayWhich"],
  };
}

function older({ table, old, oldest }: postgres.OldRows, asked: Asked, now: Date): Finding<Name> | undefined {
  if (table === null || old === null || old === 0) return undefined;
  const many = old >= 1_000_000 ? "A million rows or more" : `${old} rows`;
  return {
    id: "old-rows",
    severity: "info",
    title: `${many} of ${table.name} are older than ${asked.days} days (before ${cutOff(now, asked.days).slice(0, 10)}), the oldest of ${oldest}`,
    because: `Of about ${Math.round(table.rows)} rows. How long they must be kept is not a question of disk: whoever answers for it says so. Deleting makes room for new rows within the file and does not give it back; on a full disk it needs room for the log first.`,
    remedies: asked.exportSha256 === undefined ? ["exportFirst"] : ["deleteOld"],
  };
}
