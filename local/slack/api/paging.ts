import { SlackError } from "../errors.ts";

export interface Page<T> {
  readonly items: T[];
  readonly has_more: boolean;
  readonly response_metadata: { next_cursor: string };
}

const write = (place: string | number): string => Buffer.from(`next:${place}`).toString("base64");

const read = (cursor: string | undefined): number | undefined => {
  if (cursor === undefined || cursor === "") return undefined;
  const place = Number(
    Buffer.from(cursor, "base64")
      .toString()
      .replace(/^next:/, ""),
  );
  if (!Number.isFinite(place) || place < 0) throw new SlackError("invalid_cursor");
  return place;
};

/** One page of a list that grows at its end, and the cursor of the next. Throws `invalid_cursor`. */
export function paged<T>(items: readonly T[], cursor: string | undefined, limit: number): Page<T> {
  const from = read(cursor) ?? 0;
  const next = from + limit;
  const more = next < items.length;
  return {
    items: items.slice(from, next),
    has_more: more,
    response_metadata: { next_cursor: more ? write(next) : "" },
  };
}

/** One page of messages, newest first; what is posted between two pages does not move the next one. */
export function pagedBack<T extends { readonly ts: string }>(
  newestFirst: readonly T[],
  cursor: string | undefined,
  limit: number,
): Page<T> {
  const before = read(cursor) ?? Number.POSITIVE_INFINITY;
  const older = newestFirst.filter((item) => Number(item.ts) < before);
  const items = older.slice(0, limit);
  const more = older.length > limit;
  return {
    items,
    has_more: more,
    response_metadata: { next_cursor: more ? write(items.at(-1)?.ts ?? "") : "" },
  };
}
