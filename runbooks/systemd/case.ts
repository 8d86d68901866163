import type { Logs, Problem, Unit, UnitLog } from "./unit.ts";

/** One unit and all that there is to judge it by. */
export interface Case {
  readonly unit: Unit;
  readonly log: UnitLog | undefined;
  readonly asked: Logs["asked"];
  /** A person or an alert asked for this very one: it is then expected to run. */
  readonly isAsked: boolean;
  /** Of the machine, unix seconds. */
  readonly now: number;
}

/** A problem, before it is known whose it is and what follows from it. */
export type Said = Omit<Problem, "unit" | "explains">;
