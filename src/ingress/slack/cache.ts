const MOST = 2_000;

/** Remembers answers for `ms`; a failed question is asked again. Simultaneous questions share one answer. */
export function createCache<T>(ms: number, ask: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, { until: number; answer: Promise<T> }>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined && performance.now() < before.until) return before.answer;
    const answer = ask(key);
    known.delete(key);
    known.set(key, { until: performance.now() + ms, answer });
    answer.catch(() => {
      if (known.get(key)?.answer === answer) known.delete(key);
    });
    const oldest = known.keys().next().value;
    if (known.size > MOST && oldest !== undefined) known.delete(oldest);
    return answer;
  };
}
