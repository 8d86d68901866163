import { z } from "zod";
import {
  type ActionContext,
  actionsOn,
  type Preview,
  type WriteContext,
} from "../../../core/words/action.ts";
import { sayBytes } from "../../../core/words/format.ts";
import { refused } from "../../before-effect.ts";
import type { PostgresClient } from "../client.ts";
import { isOld, MOST_COUNTED, type OldRows, oldRows, oldRowsOf, Rows, rowsOf } from "./facts.ts";

const { write } = actionsOn<PostgresClient>("postgres");

/** Younger rows are never deleted from here, whatever is asked for. */
export const LEAST_DAYS = 30;
/** Rows of one transaction, and of one remedy. */
const BATCH = 5_000;
const MOST_ROWS = 200_000;
const BATCH_MS = 10_000;

const Input = Rows.extend({
  /** SHA-256 of the file that the rows were written to before, as whoever did it says. */
  exportSha256: z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits"),
});
type Input = z.infer<typeof Input>;

const look = (client: PostgresClient, input: Rows, context: ActionContext): Promise<OldRows> =>
  client.read(context, (sql) => oldRowsOf(sql, input));

function refusalOf({ table }: OldRows): string | undefined {
  if (table === null) return "there is no such table, or no such column of a time in it";
  if (table.inRecovery) return "this is a standby: rows are deleted on its primary";
  if (table.isPartitioned)
    return `${table.name} is partitioned: detach and drop its old partitions instead, which is done at once`;
  if (table.children.length > 0)
    return `its rows lie in tables that inherit from ${table.name} (${table.children.join(", ")}): drop the old ones of those whole instead (TimescaleDB: drop_chunks)`;
  if (table.rules.length > 0)
    return `a rule turns a DELETE of ${table.name} into something else (${table.rules.join(", ")})`;
  if (table.publications.length > 0 && !table.hasIdentity)
    return `${table.name} is published (${table.publications.join(", ")}) without a replica identity: the server refuses every DELETE`;
  if (table.days < LEAST_DAYS)
    return `rows younger than ${LEAST_DAYS} days are never deleted from here (these are from ${Math.floor(table.days)} days ago on)`;
  if (table.index === null)
    return `no index begins with ${table.column}: each batch would read all of ${table.name}; build one first (CREATE INDEX CONCURRENTLY ON ${table.name} (${table.column}))`;
  if (table.referencedBy.length > 0)
    return `foreign keys point at it (${table.referencedBy.join(", ")}): rows there would stop it, or go with it`;
  if (table.triggers.length > 0)
    return `triggers see rows go (${table.triggers.join(", ")}): what they do is not known here`;
  if (table.hasRowSecurity) return "row security is on: which rows are seen is not known here";
  return table.mayDelete
    ? undefined
    : `the bot's role may not read and delete ${table.name}: GRANT SELECT, DELETE`;
}

const sayOld = (old: number | null): string =>
  old === null ? "?" : old >= MOST_COUNTED ? `${MOST_COUNTED} or more` : String(old);

/**
 * Deletes rows older than a fixed time, oldest first, in transactions of 5,000, for at most half a minute and 200,000 rows: what is left
 * is for the next time. Rows that somebody holds are left out. Only by an index, never where others' rows or triggers hang on it,
 * never younger than 30 days, and with the checksum of an export that was made before. sergas-accounts.audit-log-retention, catalogue
 * guard (d) 3; trap pg-delete-no-space.
 */
export const deleteOldRows = write({
  name: "postgres.delete-old-rows",
  title: "Delete old rows, in batches",
  class: "cas",
  risk: "destructive",
  timeoutSeconds: 60,
  input: Input,
  output: z.object({ table: z.string(), deleted: z.int(), oldBefore: z.number(), isDone: z.boolean() }),
  target: ({ table }) => `table/${table}`,
  preview: async (client, input, context): Promise<Preview> => {
    const seen = await look(client, input, context);
    const { table, old, oldest } = seen;
    const witness = { table: table?.name ?? null, before: input.before };
    const why = refusalOf(seen);
    if (table === null || why !== undefined)
      return { changes: [], witness, refused: why ?? "there is no such table" };
    if (old === 0) return { changes: [], witness, nothingToDo: `no row is from before ${input.before}` };
    const share = table.rows > 0 ? Math.min(1, (old ?? 0) / table.rows) : 0;
    return {
      changes: [
        `DELETE FROM ${table.name} WHERE ${table.column} < ${input.before}: ${sayOld(old)} of about ${Math.round(table.rows)} rows, the oldest of ${oldest}; ${BATCH} at a time, at most ${MOST_ROWS} now`,
        `about ${sayBytes(share * table.bytes)} within the table become free for new rows; the file stays as large, and the write-ahead log grows meanwhile`,
        ...(table.publications.length > 0
          ? [`subscribers of ${table.publications.join(", ")} lose these rows, too`]
          : []),
        `exported before, by the word of whoever asks: SHA-256 ${input.exportSha256}`,
      ],
      witness,
    };
  },
  run: (client, input, context) => deleteBatches(client, input, context),
  probe: async (client, input, _witness, context) => {
    const { old } = await look(client, input, context);
    const evidence = `${sayOld(old)} rows are from before ${input.before}`;
    if (old === null) return { verdict: "unknown", evidence };
    return { verdict: old === 0 ? "done" : "not-done", evidence };
  },
  undo: "none: deleted rows come back from the export only",
  settled: {
    check: ({ table, column, before }) => ({ rows: oldRows({ table, column, before }) }),
    // One that somebody held is left, too; beyond a million they are not counted.
    holds: ({ rows: { old } }, _input, { deleted, oldBefore }) =>
      deleted > 0 && old !== null && (oldBefore >= MOST_COUNTED || old <= oldBefore - deleted),
    figures: ({ rows: { old } }, _input, { oldBefore, deleted }) =>
      `${deleted} rows deleted, old ones ${sayOld(oldBefore)} → ${sayOld(old)}${old === 0 ? "" : " (the rest is for the next time)"}`,
  },
});

async function deleteBatches(client: PostgresClient, input: Input, context: WriteContext) {
  const begun = await (async () => {
    if (context.remainingMs() < 2 * BATCH_MS) throw refused("too little time is left for it");
    return look(client, input, context);
  })();
  const { table, old } = begun;
  const why = refusalOf(begun) ?? (old === 0 ? "no row is that old any more" : undefined);
  if (table === null || why !== undefined) throw refused(why ?? "");
  const statement = `WITH old AS (SELECT ctid FROM ${rowsOf(table)} WHERE ${isOld(table)} ORDER BY ${table.column} LIMIT ${BATCH} FOR UPDATE SKIP LOCKED),
    gone AS (DELETE FROM ${rowsOf(table)} t USING old WHERE t.ctid = old.ctid RETURNING 1) SELECT count(*)::int AS n FROM gone`;
  let [deleted, last] = [0, BATCH];
  while (last === BATCH && deleted < MOST_ROWS && context.remainingMs() > 2 * BATCH_MS) {
    const [row] = await client.act<{ n: number }>(context, BATCH_MS, statement, [input.before]);
    last = row?.n ?? 0;
    deleted += last;
  }
  return { table: table.name, deleted, oldBefore: old ?? 0, isDone: last < BATCH };
}
