import { z } from "zod";
import { DurationMs } from "./duration.ts";

/** Who a vote of the policy is by. No person of diagbot.yaml may be called so. */
export const AUTO_VOTER = "policy auto";

/** How a vote of the policy comes in. Those of people come in by `slack` or `cli`. */
export const AUTO_VIA = "auto";

const between = (least: string, leastMs: number, most: string, mostMs: number) =>
  DurationMs.refine((ms) => ms >= leastMs && ms <= mostMs, `between ${least} and ${most}`);

/**
 * One entry of a system's `auto:`: this remedy may be applied without a person, if nobody stops it within the grace time. What
 * destroys, cannot be taken back or needs two people never is, whatever stands here.
 */
export const AutoRule = z.strictObject({
  /** Times within `within`, over all workers; then people are asked. */
  most: z.int().min(1).max(20).default(3),
  within: between("1m", 60_000, "7d", 7 * 86_400_000).default(3_600_000),
  /** Between the card and the act: so long anybody of `people` can stop it. */
  grace: between("5s", 5_000, "1h", 3_600_000).default(30_000),
  /** Highest risk; restarts are `high`. */
  upTo: z.enum(["low", "high"]).default("low"),
  /** Changes a plan may make at once. */
  changes: z.int().min(1).max(10).default(1),
  /** Once it was seen to help it must stay so for as long; a look each minute. Absent: it is not watched. */
  watch: between("1m", 60_000, "1h", 3_600_000).optional(),
});
export type AutoRule = z.infer<typeof AutoRule>;

/** What the policy does about one approval. */
export interface AutoView {
  /** It acts then, unless somebody stops it; absent: it does not. */
  readonly at?: Date;
  /** Why people are asked after all. */
  readonly note?: string;
  /** The person who stopped it. */
  readonly stoppedBy?: string;
}

/** The policy of a system is off: nothing is applied there without a person. */
export interface AutoOff {
  readonly since: Date;
  /** A person, or the policy itself after something did not help. */
  readonly by: string;
  readonly because: string;
}

/** Where the policy of one system stands. */
export interface AutoState {
  readonly system: string;
  readonly off?: AutoOff;
  /** By `<runbook>.<remedy>`: how often it was applied without a person within the rule's time. */
  readonly used: Readonly<Record<string, number>>;
}

/** What came of asking the policy for its vote. */
export type AutoVerdict = "approved" | "asked" | "busy";
