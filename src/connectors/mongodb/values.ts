import { z } from "zod";

// Answers of the server differ by version, storage engine and service: what is not there is null, never 0.

/** A figure that may not be there. */
export const known = z.number().nullable();

function at(document: unknown, path: readonly string[]): unknown {
  let value: unknown = document;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** A number of the server: double, 32 or 64 bits (those beyond 2^53 come as objects). */
export function numberAt(document: unknown, ...path: string[]): number | null {
  const value = at(document, path);
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "bigint") return Number(value);
  if (
    typeof value === "object" &&
    value !== null &&
    "toNumber" in value &&
    typeof value.toNumber === "function"
  )
    return Number(value.toNumber());
  return null;
}

export function textAt(document: unknown, ...path: string[]): string | null {
  const value = at(document, path);
  return typeof value === "string" ? value : null;
}

export const flagAt = (document: unknown, ...path: string[]): boolean => at(document, path) === true;

/** A moment as ISO 8601. */
export function momentAt(document: unknown, ...path: string[]): string | null {
  const value = at(document, path);
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : null;
}

export function listAt(document: unknown, ...path: string[]): readonly unknown[] {
  const value = at(document, path);
  return Array.isArray(value) ? value : [];
}

/** An embedded document; undefined: it is not there. */
export function partAt(document: unknown, ...path: string[]): Readonly<Record<string, unknown>> | undefined {
  const value = at(document, path);
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** A counter that fell began anew: what it stood at before is not known. */
export const risen = (before: number | null, now: number | null): number | null =>
  before === null || now === null || now < before ? null : now - before;

/** Rounded for people: ratios and rates need no more. */
export const rounded = (value: number | null, digits = 3): number | null =>
  value === null ? null : Number(value.toFixed(digits));
