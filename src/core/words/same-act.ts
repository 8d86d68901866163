import type { IncidentId, RunId } from "./ids.ts";
import type { RemedyStatus } from "./outcome.ts";

/** The remedy of another run that asks for the very same act: one approval serves both. */
export interface SameAct {
  readonly run: RunId;
  /** What has become of it; absent: its rows are forgotten. */
  readonly status?: RemedyStatus;
  /** The root of its thread, once that is posted. */
  readonly at?: { readonly channel: string; readonly ts: string };
}

/** An alert that is served by the approval of another one. */
export interface AskedFor {
  readonly run: RunId;
  readonly incident: IncidentId;
  /** Text of others. */
  readonly title: string;
}
