/** What one list may take of a step's output. */
const BYTES = 180_000;

/** As many of a list, from its beginning, as fit into a step's output: objects of others have no size one could rely on. */
export function fitting<T>(all: readonly T[], most: number): T[] {
  let left = BYTES;
  const kept: T[] = [];
  for (const one of all.slice(0, most)) {
    left -= JSON.stringify(one).length;
    if (left < 0) break;
    kept.push(one);
  }
  return kept;
}
