/** Text as Postgres can store it, also inside jsonb: no NUL, no half of a surrogate pair. */
export const storable = (text: string): string =>
  text.replaceAll("\0", "").replace(/\p{Surrogate}/gu, "\ufffd");

/** The same for every string of a plain JSON value, member names included. */
export function storableDeep<T>(value: T): T {
  if (typeof value === "string") return storable(value) as T;
  if (Array.isArray(value)) return value.map(storableDeep) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [storable(key), storableDeep(item)]),
  ) as T;
}
