import type { Played } from "./play-fault.ts";

const WIDEST = 64;

/** The final table. */
export function table(played: readonly Played[]): string {
  const rows = [
    ["fault", "found cause", "remedy", "verified", "seconds"],
    ...played.map((one) => [
      one.fault,
      one.cause.length > WIDEST ? `${one.cause.slice(0, WIDEST - 1)}…` : one.cause,
      one.remedy,
      one.wrong.length === 0 && one.verified ? "yes" : "NO",
      one.seconds.toFixed(1),
    ]),
  ];
  const widths =
    rows[0]?.map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
