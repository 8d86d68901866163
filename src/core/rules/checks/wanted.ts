import { DiagError } from "../../words/errors.ts";
import type { Reading, Wants } from "../../words/reading.ts";

/**
 * The reading, where it can be judged. Throws `bad_output` where it cannot: a column that findings ask for is not there, a
 * text stands where a number is compared, or nothing came back. What was not seen must never read as healthy.
 */
export function asWanted(reading: Reading, { columns, numbers, empty }: Wants): Reading {
  const names = reading.columns.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw unusable(`two columns are called ${twice}; name them with AS`);
  if (reading.rows.length === 0 && !empty)
    throw unusable(
      "it returned nothing at all: either there is nothing to report, or what it asks for is not there. Say which with `empty: healthy`, or with a finding that is made when a column is `absent`",
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
  return reading;
}

const unusable = (why: string): DiagError =>
  new DiagError("bad_output", `the check cannot be judged: ${why}`);
