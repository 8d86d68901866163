import type { WriteContext } from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import type { PostgresClient } from "../client.ts";
import { isEnded, whyEnded } from "./ended.ts";

/** A lock, or an older transaction, is waited for this long. */
export const LOCK_MS = 10_000;
/** Kept for taking away what a failed build leaves. */
export const RESERVE_MS = 10_000;

/** `DROP INDEX CONCURRENTLY` of a name that the server has quoted. */
export const dropConcurrently = (
  client: PostgresClient,
  context: WriteContext,
  index: string,
  reserveMs = 0,
): Promise<void> =>
  client.alone(context, { statement: `DROP INDEX CONCURRENTLY ${index}`, lockMs: LOCK_MS, reserveMs });

export interface Build {
  readonly statement: string;
  readonly what: string;
  /** Indexes that the failed statement has left, not valid, as the server quotes them. */
  leftBy(): Promise<readonly string[]>;
}

/**
 * Sends what builds an index. Where it fails, what it leaves is dropped again: then nothing was done (`target_refused`). What
 * cannot be dropped is told by name (`target_error`). Where the end of the statement is not known, nothing more is done.
 */
export async function built(
  client: PostgresClient,
  context: WriteContext,
  { statement, what, leftBy }: Build,
): Promise<void> {
  try {
    await client.alone(context, { statement, lockMs: LOCK_MS, reserveMs: RESERVE_MS });
  } catch (thrown) {
    if (!isEnded(thrown)) throw thrown;
    const why = whyEnded(thrown);
    const left = await takenAway(client, context, leftBy);
    if (left.length === 0)
      throw new DiagError(
        "target_refused",
        `Postgres: ${what} was not built, and nothing of it is left: ${why}`,
        { ...(thrown.detail === undefined ? {} : { detail: thrown.detail }), cause: thrown },
      );
    throw new DiagError(
      "target_error",
      `Postgres: ${what} was not built (${why}), and ${left.join(", ")}, not valid, is left: no query uses it, every write pays for it`,
      { hint: "pg-indexes finds it and offers to drop it", cause: thrown },
    );
  }
}

/** Names of those that are left all the same. */
async function takenAway(
  client: PostgresClient,
  context: WriteContext,
  leftBy: Build["leftBy"],
): Promise<readonly string[]> {
  for (const index of await leftBy()) await dropConcurrently(client, context, index).catch(() => {});
  return leftBy();
}
