/** Durations in milliseconds. */
export class Sample {
  private readonly values: number[] = [];

  add(ms: number): void {
    this.values.push(ms);
  }

  async time<T>(work: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    const result = await work();
    this.add(performance.now() - begun);
    return result;
  }

  /** The value below which that share of all is. 0: there is none. */
  at(share: number): number {
    const sorted = this.values.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  }
}
