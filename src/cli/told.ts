/**
 * What JSON says of a view: each of its parts, but for those that are left out by name. A part that is new in the view does not
 * compile before somebody has decided.
 */
export type Told<View, LeftOut extends keyof View = never> = {
  readonly [Part in Exclude<keyof View, LeftOut>]-?: unknown;
} & { readonly [more: string]: unknown };

/** ISO 8601 in UTC; null: it has not happened. */
export const time = (at: Date | undefined): string | null => at?.toISOString() ?? null;
