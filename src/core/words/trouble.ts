import type { Evidence } from "./evidence.ts";
import type { Damage, Severity } from "./finding.ts";
import type { Seen } from "./outcome.ts";

/**
 * What a connector says where its own answers cannot be had, or not whole: one finding and what a person does about it, the
 * same for every runbook that asks this kind of connection.
 */
export interface Trouble {
  /** Id of the finding: the stable name of the cause, e.g. `refused`. */
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  readonly because: string;
  readonly evidence?: readonly Evidence[];
  /** As of a finding: the harm that this proves or makes likely. */
  readonly damage?: Damage;
  /** As of a finding: what follows from this one. */
  readonly explains?: readonly string[];
  readonly remedy: {
    readonly key: string;
    readonly title: string;
    readonly risk: "low" | "high";
    readonly advice: string;
  };
}

/** Troubles of a connection, judged from what the steps that asked it returned; pure. */
export type TroubleOf = (seen: Readonly<Record<string, Seen<unknown>>>) => readonly Trouble[];

/** Those that the runbook does not explain itself. */
export const unexplained = (
  { explains }: { readonly explains?: "all" | readonly string[] | undefined },
  troubles: readonly Trouble[],
): readonly Trouble[] =>
  explains === "all" ? [] : troubles.filter(({ id }) => explains?.includes(id) !== true);
