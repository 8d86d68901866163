export type Bounded<T> =
  | { readonly state: "done"; readonly value: T }
  | { readonly state: "failed"; readonly error: unknown }
  | { readonly state: "late" };

/** What became of a promise within a time. It is not cancelled; a rejection that comes late is swallowed. */
export async function bounded<T>(promise: Promise<T>, withinMs: number): Promise<Bounded<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Bounded<T>>((resolve) => {
    timer = setTimeout(() => resolve({ state: "late" }), withinMs);
  });
  const settled = promise.then(
    (value): Bounded<T> => ({ state: "done", value }),
    (error: unknown): Bounded<T> => ({ state: "failed", error }),
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}
