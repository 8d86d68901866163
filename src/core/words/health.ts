import type { Call } from "./action.ts";
import type { ConnectionFace } from "./connection.ts";
import type { Severity } from "./finding.ts";
import type { Thresholds } from "./system.ts";

/** Limits the health matrix judges by. */
export interface HealthLimits {
  /** A component that answers later is slow. */
  readonly slowSeconds: number;
  readonly thresholds: Thresholds;
}

/** What is wrong with a component. */
export interface HealthTrouble {
  /** A few words for the table and the title. */
  readonly word: string;
  readonly because: string;
  readonly severity: Severity;
  /** What a human does now; empty: nothing to add. `<host>` stands for the connection's host. */
  readonly next: string;
  /** Lines shown below the finding, e.g. the beginning of the answer. */
  readonly excerpt?: string;
  readonly parts?: readonly { readonly name: string; readonly status: string }[];
}

/** How a component does: a few words on what was seen where it is well (`3.2 ms`), or what is wrong. */
export type HealthWord = string | HealthTrouble;

/** One question to a component, and what its answer means. */
export interface HealthQuestion {
  /** Empty: the component as a whole. Without an answer to that one nothing is said of its parts. */
  readonly part: string;
  readonly call: Call;
  /** Pure. */
  judge(value: unknown, limits: HealthLimits, face: ConnectionFace): HealthWord;
}

/** A row of the health matrix: a cheap read and the pure function that judges what it returned. `part`: of several, which. */
export const asks = <T>(
  call: Call<T>,
  judge: (value: T, limits: HealthLimits, face: ConnectionFace) => HealthWord,
  part = "",
): HealthQuestion => ({ part, call, judge: judge as HealthQuestion["judge"] });
