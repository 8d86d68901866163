/** Counts what changes and tells who listens; everything that waits or redraws hangs on this, nothing polls. */
export class Changes {
  private count = 0;
  private readonly listeners = new Set<() => void>();

  /** Grows by one with each change. */
  get revision(): number {
    return this.count;
  }

  /** Notes a change and returns its revision. */
  touch(): number {
    this.count += 1;
    for (const listener of [...this.listeners]) listener();
    return this.count;
  }

  /** Calls `listener` at each change until the returned function is called. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
