/**
 * A row as Postgres' to_jsonb gives it. The schema is ours and checked by constraints, so its columns are taken as they
 * are instead of being parsed a second time.
 */
// biome-ignore lint/suspicious/noExplicitAny: the one place where rows are untyped
export type JsonRow = Record<string, any>;

export const date = (value: string | null | undefined): Date | undefined =>
  value === null || value === undefined ? undefined : new Date(value);

type Present<T> = { [K in keyof T]?: Exclude<T[K], null | undefined> };

/** Leaves out members that are null or undefined, as exactOptionalPropertyTypes wants. */
export function present<T extends Record<string, unknown>>(members: T): Present<T> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== null && value !== undefined),
  ) as Present<T>;
}
