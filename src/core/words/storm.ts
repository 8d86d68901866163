import type { Severity } from "./finding.ts";
import type { IncidentId, ThreadId } from "./ids.ts";

/** Why a folded alert group has a thread of its own again. */
export const UNFOLDED_BECAUSE = ["decision", "asked", "fired-again"] as const;
/** `decision`: people have to decide on a remedy of it; `asked`: somebody wants it; `fired-again`: after the storm was over. */
export type UnfoldedBecause = (typeof UNFOLDED_BECAUSE)[number];

/** What a run found first about an alert group. */
export interface StormFinding {
  readonly runbook: string;
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  /** Names of the connections the run looked at: two groups with the same finding there have one cause. */
  readonly on: readonly string[];
}

/** One alert group as a line of its storm. */
export interface StormGroup {
  readonly incident: IncidentId;
  readonly thread: ThreadId;
  /** From 1 on. */
  readonly page: number;
  readonly title: string;
  readonly system?: string;
  readonly severity: string;
  readonly status: "firing" | "resolved";
  /** Alerts of it that fire. */
  readonly firing: number;
  readonly openedAt: Date;
  readonly resolvedAt?: Date;
  /** A person has ended it. */
  readonly closed: boolean;
  /** Labels of one of its alerts. */
  readonly labels: Readonly<Record<string, string>>;
  /** A run of it has not ended. */
  readonly running: boolean;
  readonly found?: StormFinding;
  /** Its own thread, once that is posted. */
  readonly own?: { readonly channel: string; readonly ts: string };
}

/** Alert groups of one channel that came faster than it can show them one by one. */
export interface StormView {
  readonly id: number;
  readonly openedAt: Date;
  /** For some minutes nothing was folded any more. */
  readonly endedAt?: Date;
  /** In the order of their lines. */
  readonly groups: readonly StormGroup[];
}
