import type { PrincipalId } from "./ids.ts";

export const APPROVAL_STATES = ["pending", "approved", "denied", "expired", "void"] as const;
export type ApprovalState = (typeof APPROVAL_STATES)[number];

export interface Vote {
  readonly principal: PrincipalId;
  readonly decision: "approve" | "deny";
  readonly reason?: string | undefined;
  /** Of a system's `auto:`, not of a person. */
  readonly auto?: true | undefined;
  /** The quorum was lowered to this one vote. */
  readonly breakGlass?: boolean | undefined;
  /** Of the command line: `alice@web1`. */
  readonly account?: string | undefined;
  /** For whom the voter says to have voted; it is the voter's own vote all the same. */
  readonly onBehalf?: PrincipalId | undefined;
  readonly at: Date;
}
