/**
 * A label whose values are known beforehand: whatever else is given is counted as `other`, so that text from outside
 * can never make more time series.
 */
export interface ClosedLabel {
  readonly values: readonly string[];
  of(value: string): string;
}

export const OTHER = "other";

/** The label of these values and `other`. */
export function closedLabel(values: readonly string[]): ClosedLabel {
  const known = new Set(values);
  return { values: [...known, OTHER], of: (value) => (known.has(value) ? value : OTHER) };
}
