import { QueryError } from "./lex.ts";
import type { Expression } from "./parse.ts";
import { keyOf, type Labels } from "./samples.ts";
import { nameless, type Sample, type Value } from "./values.ts";

type Binary = Extract<Expression, { kind: "binary" }>;

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
};
const COMPARISON: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  ">": (a, b) => a > b,
  "<": (a, b) => a < b,
  ">=": (a, b) => a >= b,
  "<=": (a, b) => a <= b,
};

/** Arithmetic, comparison and set operators, one to one. Throws QueryError where the sides do not fit. */
export function combine(binary: Binary, left: Value, right: Value): Value {
  if (typeof left === "number" && typeof right === "number") return scalars(binary, left, right);
  if (typeof left === "number")
    return (right as readonly Sample[]).flatMap((sample) =>
      pair(binary, sample.labels, left, sample.value, sample.value),
    );
  if (typeof right === "number")
    return left.flatMap((sample) => pair(binary, sample.labels, sample.value, right, sample.value));
  return vectors(binary, left, right);
}

function scalars({ op }: Binary, left: number, right: number): number {
  const compare = COMPARISON[op];
  if (compare !== undefined) return compare(left, right) ? 1 : 0;
  return arithmetic(op)(left, right);
}

/** The result of one pair: a value, or for a comparison that does not hold nothing (with `bool`: 0). */
function pair({ op, bool }: Binary, labels: Labels, left: number, right: number, kept: number): Sample[] {
  const compare = COMPARISON[op];
  if (compare === undefined) return [{ labels: nameless(labels), value: arithmetic(op)(left, right) }];
  if (bool) return [{ labels: nameless(labels), value: compare(left, right) ? 1 : 0 }];
  return compare(left, right) ? [{ labels, value: kept }] : [];
}

function vectors(binary: Binary, left: readonly Sample[], right: readonly Sample[]): Sample[] {
  const key = ({ labels }: Sample): string => keyOf(matching(binary.match, labels));
  const others = new Map(right.map((sample) => [key(sample), sample]));
  switch (binary.op) {
    case "and":
      return left.filter((sample) => others.has(key(sample)));
    case "unless":
      return left.filter((sample) => !others.has(key(sample)));
    case "or": {
      const mine = new Set(left.map(key));
      return [...left, ...right.filter((sample) => !mine.has(key(sample)))];
    }
    default:
      return left.flatMap((sample) => {
        const other = others.get(key(sample));
        if (other === undefined) return [];
        const compares = COMPARISON[binary.op] !== undefined && !binary.bool;
        const labels = compares ? sample.labels : matching(binary.match, sample.labels);
        return pair(binary, labels, sample.value, other.value, sample.value);
      });
  }
}

function matching({ how, labels: names }: Binary["match"], labels: Labels): Labels {
  return Object.fromEntries(
    Object.entries(nameless(labels)).filter(([name]) => names.includes(name) === (how === "on")),
  );
}

const arithmetic = (op: string): ((a: number, b: number) => number) => {
  const found = ARITHMETIC[op];
  if (found === undefined) throw new QueryError(`${op} needs vectors on both sides`);
  return found;
};
