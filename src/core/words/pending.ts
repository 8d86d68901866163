import type { PrincipalId, RunId } from "./ids.ts";
import type { Risk } from "./risk.ts";

/** A remedy that waits for people, or for the end of a freeze. */
export interface PendingView {
  readonly run: RunId;
  readonly system: string;
  readonly runbook: string;
  readonly remedy: string;
  readonly title: string;
  readonly risk: Risk;
  /** Votes; whether it happened; the end of a freeze or a free target; whether it stays. */
  readonly wants: "approval" | "answer" | "begin" | "undo or keep";
  readonly have: number;
  readonly need: number;
  readonly requester?: PrincipalId;
  /** It lapses, or ends by itself, then. */
  readonly until?: Date;
}
