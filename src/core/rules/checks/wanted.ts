import { ROWS } from "../../words/check.ts";
import { DiagError } from "../../words/errors.ts";
import type { NotSeen } from "../../words/not-seen.ts";
import type { Reading, Wants } from "../../words/reading.ts";

/**
 * The reading, where it can be judged. Throws `bad_output` where it cannot: a column that findings ask for is not there, a
 * text stands where a number is compared, or nothing came back. What was not seen must never read as healthy.
 */
export function asWanted(reading: Reading, { columns, numbers, empty, rowsUpTo = 0 }: Wants): Reading {
  const names = reading.columns.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw unusable(`two columns are called ${twice}; name them with AS`);
  if (reading.rows.length === 0 && !empty)
    throw unusable(
      "it returned nothing at all: either there is nothing to report, or what it asks for is not there. Say which with `empty: healthy`, or with a finding that is made when a column is `absent`",
    );
  if (reading.more && rowsUpTo > reading.rows.length && !names.includes(ROWS))
    throw unusable(
      `a finding is about ${rowsUpTo} rows, and no more than ${reading.rows.length} are read: let the question count them (count(*))`,
    );
  const missing = columns.find((name) => !names.includes(name));
  if (missing !== undefined && (reading.rows.length > 0 || names.length > 0))
    throw unusable(`there is no ${missing}; there is ${names.join(", ") || "nothing"}`);
  for (const name of numbers) {
    const at = names.indexOf(name);
    const odd = reading.rows.find(
      (row) => row[at] !== null && row[at] !== undefined && typeof row[at] !== "number",
    );
    if (odd !== undefined) throw unusable(`${name} is no number but ${JSON.stringify(odd[at]).slice(0, 60)}`);
  }
  return reading.more && columns.length + numbers.length > 0
    ? { ...reading, notSeen: [...(reading.notSeen ?? []), rest(reading)] }
    : reading;
}

/** What is true of the rows that came says nothing of those that were left out. */
const rest = ({ rows }: Reading): NotSeen => ({
  what: `rows after the first ${rows.length}`,
  why: `no more than ${rows.length} of an answer are looked at`,
  fix: "let the question itself leave out what is well (WHERE, > …), or count (count(*)), or put the worst first with a LIMIT",
});

const unusable = (why: string): DiagError =>
  new DiagError("bad_output", `the check cannot be judged: ${why}`);
