/** Every combination of the given values. */
export function product<T extends Readonly<Record<string, readonly unknown[]>>>(
  axes: T,
): { readonly [K in keyof T]: T[K][number] }[] {
  let cells: Record<string, unknown>[] = [{}];
  for (const [name, values] of Object.entries(axes))
    cells = cells.flatMap((cell) => values.map((value) => ({ ...cell, [name]: value })));
  return cells as { readonly [K in keyof T]: T[K][number] }[];
}
