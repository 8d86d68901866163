import { type Finding, type postgres, rows, sayPercent } from "../../src/sdk/index.ts";

type Sequence = postgres.Sequence;

const whole = (n: number) => n.toLocaleString("en", { maximumFractionDigits: 0 });

/** Sequences that come to their end: then every insert that takes a number from them fails. */
export function sequenceFinding(near: readonly Sequence[]): Finding<"widenSequence"> | undefined {
  const [worst] = near;
  if (worst === undefined) return undefined;
  const { sequence, column, type, ratio, left, limit, boundBy } = worst;
  const more = near.length > 1 ? ` (and ${near.length - 1} more)` : "";
  return {
    id: "sequence-ends",
    severity: ratio >= 0.95 || left < 1_000_000 * (1 - ratio) ? "critical" : "warning",
    title: `Sequence ${sequence} is at ${sayPercent(ratio)} of ${type}: ${left === 0 ? "it has ended" : `${whole(left)} left`}${more}`,
    because: `${boundBy === "column" || column !== "" ? `It fills ${column || "no column"} (${type}). ` : ""}It ends at ${whole(limit)}${boundBy === "sequence" ? " (its own maximum)" : " (the column's type)"}; after that nextval or the INSERT fails (SQLSTATE 2200H, 22003). It does not wait for the table to be full: deleted rows and rolled back inserts use numbers up, too.`,
    evidence: [
      rows("", near, {
        sequence: (one) => one.sequence,
        column: (one) => one.column,
        type: (one) => one.type,
        last: (one) => one.last,
        limit: (one) => one.limit,
        used: (one) => sayPercent(one.ratio),
      }),
    ],
    remedies: ["widenSequence"],
  };
}

export function adviseSequence(near: readonly Sequence[]): string {
  const [worst] = near;
  const { column = "", sequence = "<sequence>", type = "" } = worst ?? {};
  const [table, name] = [column.split(".").slice(0, -1).join("."), column.split(".").at(-1) ?? ""];
  if (type === "bigint" || column === "")
    return `Let ${sequence} go further: ALTER SEQUENCE ${sequence} AS bigint NO MAXVALUE (at once, rewrites nothing); see first that what takes its numbers can hold them.`;
  return `Make ${column} a bigint, and every column that refers to it: on a small table ALTER TABLE ${table} ALTER COLUMN ${name} TYPE bigint (it rewrites the table and locks it meanwhile); on a big one add a bigint column, fill it in parts with a trigger for new rows, swap the two. And ALTER SEQUENCE ${sequence} AS bigint. To win time, where the application takes negative ids: ALTER SEQUENCE ${sequence} MINVALUE -2147483648 START -2147483648 RESTART.`;
}
