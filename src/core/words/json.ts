/** Plain JSON: what can be shown, hashed, approved and stored. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Canonical form (RFC 8785): members sorted by UTF-16 code units, no white space, ECMAScript numbers.
 * `undefined` members are left out, as JSON.stringify does. Throws on NaN, infinities and other non-JSON values.
 */
export function canonical(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError("not JSON: a number that is not finite");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join(",")}]`;
  if (typeof value === "object") return canonicalObject(value as Record<string, unknown>);
  throw new TypeError(`not JSON: ${typeof value}`);
}

function canonicalObject(value: Record<string, unknown>): string {
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(",")}}`;
}

/** Where two JSON values differ, as `path: before -> after` lines (at most `limit`). */
export function difference(before: unknown, after: unknown, limit = 20): string[] {
  const lines: string[] = [];
  walk("", before, after, lines, limit);
  return lines;
}

function walk(path: string, before: unknown, after: unknown, lines: string[], limit: number): void {
  if (lines.length >= limit || same(before, after)) return;
  if (isBranch(before) && isBranch(after) && Array.isArray(before) === Array.isArray(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    for (const key of keys) walk(path === "" ? key : `${path}.${key}`, before[key], after[key], lines, limit);
    return;
  }
  lines.push(`${path === "" ? "value" : path}: ${show(before)} -> ${show(after)}`);
}

const isBranch = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
const same = (a: unknown, b: unknown) => canonical(a ?? null) === canonical(b ?? null);
const show = (value: unknown) => (value === undefined ? "absent" : canonical(value).slice(0, 120));
