import type { Principal } from "../../core/policy.ts";

/** What drawing needs besides the rows. */
export interface DrawOptions {
  readonly now: Date;
  readonly people: readonly Principal[];
}
