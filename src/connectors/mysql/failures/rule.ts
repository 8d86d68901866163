import type { Failure as Said } from "../../../core/words/kind.ts";
import type { StepError } from "../../../core/words/outcome.ts";

/** What an error means and what a human does now. `id` is stable. */
export type Failure = Said & { readonly id: string };

/** What tells a cause: all that is given must be seen. */
export interface Sign {
  /** The server's number of the error, or a word of ours (`closed`, `no-tls`, `plugin`, `not-mysql`). */
  readonly number: string | RegExp;
  /** In its message, which servers with another `lc_messages` translate: never the only rule for a number. */
  readonly english?: RegExp;
  /** Whether our connection was to be encrypted. */
  readonly tls?: "yes" | "no";
}

export type Rule = readonly [Sign, Failure];

/** Whether all of the sign is in the error. Pure. */
export const shows = ({ number, english, tls }: Sign, { detail = "", message, said }: StepError): boolean =>
  (typeof number === "string" ? number === detail : number.test(detail)) &&
  (english?.test(message) ?? true) &&
  (tls === undefined || said?.tls === tls);
