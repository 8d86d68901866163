import { sayDuration } from "../core/words/duration.ts";
import type { AnySeen } from "../core/words/runbook.ts";
import type { RemedyView } from "../core/words/view.ts";
import { isOfRemedy, type Verdict } from "./checks.ts";

/** Checks that gave no answer and are named. */
const MOST_NAMED = 3;

/** What was seen of a remedy once it was done. */
export interface Verified {
  readonly verdict: Verdict;
  /** Figures before and after, as its actions say them. */
  readonly figures: string | undefined;
  /** What its checks returned, by their names. */
  readonly after: AnySeen;
  /** The runbook is the one it was planned by. */
  readonly isSameRunbook: boolean;
  /** Milliseconds it was given. */
  readonly withinMs: number;
}

/**
 * The verdict for people, no stronger than what was asked: only where the runbook asked its own question again is the cause
 * said to be gone; else the action alone tells, and knows of its effect. Pure.
 */
export function sayVerdict({ plan }: RemedyView, seen: Verified): string {
  const { verdict, figures, after, isSameRunbook, withinMs } = seen;
  const own = (plan?.verify ?? []).map(({ name }) => name).filter(isOfRemedy);
  const within = sayDuration(withinMs);
  switch (verdict) {
    case "unknown":
      return UNKNOWN;
    case "better": {
      const missing = isSameRunbook || own.length === 0 ? "" : `; ${NOT_ASKED}`;
      const effect = isSameRunbook && own.length > 0 ? "the cause is gone" : "the change has had its effect";
      return `Verified: ${figures ?? effect}${missing}`;
    }
    case "not enough": {
      const asked = own.length === 0 ? "" : ` (${own.join(", ")})`;
      return `Done, but not enough within ${within}${of(figures)}; what the runbook asks once more${asked} has not come right${blind(after)}`;
    }
    case "not better":
      return `Not better within ${within}${of(figures)}${blind(after)}`;
  }
}

const UNKNOWN =
  "It was done, but it is not known whether it helped: the runbook has changed since it was planned, and the action alone cannot tell";
const NOT_ASKED = "the runbook's own question was not asked, as it has changed since";

const of = (figures: string | undefined): string => (figures === undefined ? "" : `: ${figures}`);

/** What could not be looked at proves neither. */
function blind(after: AnySeen): string {
  const errors = Object.values(after).flatMap((seen) => (seen.ok ? [] : [seen.error.message]));
  const named = [...new Set(errors)].slice(0, MOST_NAMED);
  return named.length === 0 ? "" : `; it could not be looked at whole: ${named.join("; ")}`;
}
