import { type Finding, type mysql, mysqlName, rows, sayPercent } from "../../src/sdk/index.ts";

const nameOf = ({ schema, table, column }: mysql.AutoIncrement): string => `${schema}.${table}.${column}`;

/** Row numbers that come to the end of their type: then every INSERT fails, with a duplicate key (1062) or 1467. */
export function countersFinding(counters: readonly mysql.AutoIncrement[]): Finding<"widen"> | undefined {
  const [first] = counters;
  if (first === undefined) return undefined;
  const others = counters.length === 1 ? "" : ` and ${counters.length - 1} more`;
  return {
    id: "numbers-run-out",
    severity: first.used >= 0.95 ? "critical" : "warning",
    title: `Row numbers run out: ${nameOf(first)} has used ${sayPercent(first.used)} of its ${first.type}${others}`,
    because: `Its next number is ${first.next} of at most ${first.most}. At the end every INSERT fails (1062 for the last number, or 1467); reads go on.`,
    evidence: [
      rows("", counters, {
        column: nameOf,
        type: (one) => one.type,
        next: (one) => one.next,
        used: (one) => sayPercent(one.used),
      }),
    ],
    remedies: ["widen"],
  };
}

export function adviseCounters(counters: readonly mysql.AutoIncrement[]): string {
  const [first] = counters;
  const wide = first !== undefined && /^bigint/i.test(first.type);
  if (wide)
    return "A BIGINT does not run out by rows: something has set a huge number (an INSERT with an explicit id, a restored AUTO_INCREMENT). Find it (SELECT MAX(id)), remove that row if it is wrong, then ALTER TABLE … AUTO_INCREMENT = <the largest real one + 1>.";
  const statement =
    first === undefined
      ? "ALTER TABLE … MODIFY … BIGINT UNSIGNED NOT NULL AUTO_INCREMENT"
      : `ALTER TABLE ${mysqlName(first.schema)}.${mysqlName(first.table)} MODIFY ${mysqlName(first.column)} BIGINT UNSIGNED NOT NULL AUTO_INCREMENT`;
  return `${statement}; it writes the whole table anew and takes no writes meanwhile: on a large one use gh-ost or pt-online-schema-change, in a quiet hour. Columns of other tables that refer to it must be as wide first, and programs must read it as 64 bits. Look whether failed INSERTs (INSERT IGNORE, ON DUPLICATE KEY UPDATE, REPLACE) use the numbers up: then most of them are never seen as rows.`;
}
