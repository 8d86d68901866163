/** A runbook parameter as the form shows it and the words are read. */
export interface ParamField {
  readonly name: string;
  readonly kind: "integer" | "number" | "boolean" | "choice" | "list" | "text";
  readonly description: string;
  readonly required: boolean;
  readonly default?: unknown;
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
}
