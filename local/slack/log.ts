// A demo may run for days; a test looks at far fewer.
const KEPT = 20_000;

/** A list that forgets its oldest entries and tells when it grows. */
export class Log<T> {
  private readonly entries: T[] = [];
  private readonly grown: () => void;

  constructor(grown: () => void) {
    this.grown = grown;
  }

  add(entry: T): void {
    this.entries.push(entry);
    if (this.entries.length > KEPT) this.entries.shift();
    this.grown();
  }

  all(): readonly T[] {
    return this.entries;
  }
}
