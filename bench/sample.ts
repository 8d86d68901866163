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

  /** `n=…  p50 … ms  p99 … ms  max … ms` */
  toString(): string {
    const sorted = this.values.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    const [p50, p99, max] = [at(0.5), at(0.99), at(1)].map((ms) => ms.toFixed(0));
    return `n=${sorted.length}  p50 ${p50} ms  p99 ${p99} ms  max ${max} ms`;
  }
}
