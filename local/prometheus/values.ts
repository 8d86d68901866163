import { QueryError } from "./lex.ts";
import type { Labels } from "./samples.ts";

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}
export type Value = number | readonly Sample[];

/** What is computed is no longer the metric. */
export const nameless = ({ __name__: _name, ...labels }: Labels): Labels => labels;

export const vectorOf = (value: Value): readonly Sample[] => {
  if (typeof value === "number") throw new QueryError("a vector was expected, not a number");
  return value;
};

export const scalarOf = (value: Value): number => {
  if (typeof value !== "number") throw new QueryError("a number was expected, not a vector");
  return value;
};
