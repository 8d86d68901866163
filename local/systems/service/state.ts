import { isDeepStrictEqual } from "node:util";
import type { Json } from "../../../src/core/words/json.ts";
import type { Patch, State } from "./spec.ts";

const isMap = (value: Json | undefined): value is State =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The state with the patch put in. */
export function patched(state: State, patch: Patch): State {
  const changed = new Map(Object.entries(state));
  for (const [key, value] of Object.entries(patch)) {
    const before = changed.get(key);
    if (value === null) changed.delete(key);
    else changed.set(key, isMap(value) ? patched(isMap(before) ? before : {}, value) : value);
  }
  return Object.fromEntries(changed);
}

/** The patch that takes `patch` back where `before` was the state. */
export const inverse = (before: State, patch: Patch): Patch =>
  Object.fromEntries(
    Object.entries(patch).map(([key, value]) => {
      const was = before[key];
      return [key, isMap(value) && isMap(was) ? inverse(was, value) : (was ?? null)];
    }),
  );

/** The part of a path; undefined where there is none. */
export function partOf(state: State, path: readonly string[]): Json | undefined {
  let found: Json | undefined = state;
  for (const word of path) found = isMap(found) ? found[word] : undefined;
  return found;
}

/** The map of a path; an empty one where there is none. */
export function mapOf(state: State, ...path: string[]): State {
  const found = partOf(state, path);
  return isMap(found) ? found : {};
}

export function numberOf(state: State, ...path: string[]): number {
  const found = partOf(state, path);
  return typeof found === "number" ? found : Number.NaN;
}

/** The first value a patch sets, with the way to it. */
export function firstOf(patch: Patch): { readonly path: readonly string[]; readonly value: Json } {
  const [first] = Object.entries(patch);
  if (first === undefined) throw new Error("a patch that changes nothing");
  const [key, value] = first;
  if (!isMap(value) || Object.keys(value).length === 0) return { path: [key], value };
  const within = firstOf(value);
  return { path: [key, ...within.path], value: within.value };
}

/** Does what the patch sets first still stand? */
export function stands(state: State, patch: Patch): boolean {
  const { path, value } = firstOf(patch);
  return isDeepStrictEqual(partOf(state, path) ?? null, value);
}
