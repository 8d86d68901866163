/** Rows of cells as aligned text. */
export function table(rows: readonly (readonly unknown[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => String(row[column] ?? "").length)),
  );
  const line = (row: readonly unknown[]) =>
    row.map((cell, column) => String(cell ?? "").padEnd(widths[column] ?? 0)).join("  ");
  return rows.map((row) => `  ${line(row)}`.trimEnd()).join("\n");
}
