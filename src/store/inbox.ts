import { z } from "zod";
import type { Entry } from "../core/ports/intake.ts";
import { DiagError, ERRORS, type ErrorCode } from "../core/words/errors.ts";
import { type Client, type Pool, toStoreError } from "./pool.ts";
import type { Transaction } from "./transaction.ts";

/** At most this much of a request is kept for later reading. */
const RAW_LIMIT = 65_536;

const CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];
const Refused = z.object({ code: z.enum(CODES), message: z.string(), hint: z.string().optional() });

/** SQL: writes a request down; nothing where it is known. $1 to $3: `entryValues`. */
export const NOTE_ENTRY =
  "INSERT INTO inbox (source, dedupe_key, raw) VALUES ($1, $2, $3) ON CONFLICT (dedupe_key) DO NOTHING";

export const entryValues = ({ source, dedupeKey, raw }: Entry): readonly [string, string, string] => [
  source,
  dedupeKey,
  raw.slice(0, RAW_LIMIT),
];

/** Writes the request down in the transaction that acts on it. `repeat`: it was delivered before and must have no second effect. */
const noteEntry = (tx: Transaction, entry: Entry): Promise<"fresh" | "repeat"> => insertEntry(tx.sql, entry);

/** The same for a request that changes nothing by itself. */
export const isFirstEntry = (pool: Pool, entry: Entry): Promise<boolean> =>
  insertEntry(pool, entry).then(
    (seen) => seen === "fresh",
    (thrown: unknown) => {
      throw toStoreError(thrown);
    },
  );

async function insertEntry(sql: Client | Pool, entry: Entry): Promise<"fresh" | "repeat"> {
  const { rowCount } = await sql.query(NOTE_ENTRY, [...entryValues(entry)]);
  return rowCount === 1 ? "fresh" : "repeat";
}

/**
 * Does `work` for a request that is new and keeps what it came to. A repeat changes nothing and gets the first one's
 * result, a refusal too. Every change that people ask for goes through here; alerts are told apart by what they say.
 */
export async function once<T>(
  tx: Transaction,
  entry: Entry,
  shape: z.ZodType<T>,
  work: () => Promise<T | DiagError>,
): Promise<{ readonly result: T | DiagError; readonly repeated: boolean }> {
  if ((await noteEntry(tx, entry)) === "repeat")
    return { result: await resultOf(tx, entry, shape), repeated: true };
  const result = await work();
  const isRefusal = result instanceof DiagError;
  await tx.sql.query("UPDATE inbox SET state = $2, note = $3, result = $4 WHERE dedupe_key = $1", [
    entry.dedupeKey,
    isRefusal ? "refused" : "done",
    isRefusal ? result.message : null,
    JSON.stringify(isRefusal ? { refused: said(result) } : { value: result }),
  ]);
  return { result, repeated: false };
}

const said = ({ code, message, hint }: DiagError) => ({
  code,
  message,
  ...(hint === undefined ? {} : { hint }),
});

async function resultOf<T>(tx: Transaction, entry: Entry, shape: z.ZodType<T>): Promise<T | DiagError> {
  const { rows } = await tx.sql.query<{ result: unknown }>("SELECT result FROM inbox WHERE dedupe_key = $1", [
    entry.dedupeKey,
  ]);
  const Result = z.union([z.object({ refused: Refused }), z.object({ value: shape })]);
  const kept = Result.safeParse(rows[0]?.result);
  if (!kept.success) return new DiagError("not_decidable", "this request was taken already");
  if ("value" in kept.data) return kept.data.value;
  const { code, message, hint } = kept.data.refused;
  return new DiagError(code, message, hint === undefined ? {} : { hint });
}
