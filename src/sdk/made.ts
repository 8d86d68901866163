import type { Runbook } from "../core/words/runbook.ts";

const runbooks = new WeakSet<object>();
const books = new WeakSet<object>();

const isIn = (set: WeakSet<object>, value: unknown): boolean =>
  typeof value === "object" && value !== null && set.has(value);

/** Remembers what this very module has made: another copy of it, or a hand-made object, is told apart. */
export function markRunbook(runbook: Runbook): Runbook {
  runbooks.add(runbook);
  return runbook;
}

/** The same of a runbook that is not finished. */
export function markBook<B extends object>(book: B): B {
  books.add(book);
  return book;
}

export const isRunbook = (value: unknown): value is Runbook => isIn(runbooks, value);
export const isUnfinished = (value: unknown): boolean => isIn(books, value);
