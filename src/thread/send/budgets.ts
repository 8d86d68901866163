import { FOLD, type FoldLimits } from "../../core/rules/fold.ts";

/** How fast the sender may be, in milliseconds unless the name says otherwise. Tests shorten the waits. */
export interface Budgets extends FoldLimits {
  /** Between two posts (files too) in one channel. Slack allows one a second, so a little more. */
  readonly postIntervalMs: number;
  /** chat.update of the whole workspace; Slack's tier 3 begins to refuse at 50. */
  readonly updatesPerMinute: number;
  /** Updates of each minute that only urgent messages may use. */
  readonly urgentReserve: number;
  /** Least time between two progress updates of one thread. */
  readonly progressIntervalMs: number;
  /** Wait after a call whose outcome is not known, before looking whether it arrived. */
  readonly arrivalMs: number;
  /** Between two looks; absent in both counts as not arrived. */
  readonly rereadMs: number;
  /** Longest a call may take. */
  readonly timeoutMs: number;
  /** How far the database's clock may run ahead of Slack's. */
  readonly clockSkewMs: number;
  /** Between two looks at the list of changed threads when nobody wakes the sender. */
  readonly pollMs: number;
  /** Least time between two drawings of one thread that is not urgent. */
  readonly lookIntervalMs: number;
  /** Wait after an error only a person can mend: channel archived, bot not invited, token revoked. */
  readonly slowMs: number;
  /** How long Slack's word on who reads a channel and whether the bot may post there is good for. */
  readonly channelFreshMs: number;
  /** Between two looks at the token and at the configured channels. */
  readonly inspectMs: number;
}

export const BUDGETS: Budgets = {
  postIntervalMs: 1_050,
  updatesPerMinute: 45,
  urgentReserve: 10,
  progressIntervalMs: 3_000,
  arrivalMs: 3_000,
  rereadMs: 5_000,
  timeoutMs: 10_000,
  clockSkewMs: 30_000,
  pollMs: 1_000,
  lookIntervalMs: 500,
  slowMs: 60_000,
  channelFreshMs: 60_000,
  inspectMs: 60_000,
  ...FOLD,
};
