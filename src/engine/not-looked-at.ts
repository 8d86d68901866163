import { text } from "../core/words/evidence.ts";
import { COULD_NOT_LOOK, type Finding } from "../core/words/finding.ts";
import { listed } from "../core/words/format.ts";
import { type NotSeen, notSeen } from "../core/words/not-seen.ts";
import type { StepView } from "../core/words/view.ts";

const MOST_LINES = 30;

interface Gap extends NotSeen {
  readonly on: string;
}

/**
 * The one finding about what could not be looked at: steps that errored and that no finding speaks of, and what actions say
 * they did not see. Not looked at is not healthy, so no run with one reads as "nothing is wrong"; undefined: all was seen. Pure.
 */
export function notLookedAt(steps: readonly StepView[], explained: readonly string[]): Finding | undefined {
  const gaps = distinct(
    steps.filter(({ phase }) => phase === "diagnose").flatMap((step) => gapsOf(step, explained)),
  );
  const [first] = gaps;
  if (first === undefined) return undefined;
  return {
    id: COULD_NOT_LOOK,
    severity: "info",
    title: `Could not look at ${listed(gaps.map(({ what }) => what))}`,
    because:
      gaps.length === 1
        ? `Nothing is known about it: ${first.why}.${first.fix === undefined ? "" : ` To see it: ${first.fix}.`}`
        : "Nothing is known about these; what is said of the rest does not speak for them.",
    evidence: gaps.length === 1 ? [] : [text(sayGaps(gaps))],
  };
}

function gapsOf(step: StepView, explained: readonly string[]): Gap[] {
  if (step.state === "succeeded") return partsOf(step.output).map((part) => ({ ...part, on: step.on }));
  if (step.error === undefined || explained.includes(step.name)) return [];
  const { message, code, detail, hint } = step.error;
  const fix = hint === undefined ? {} : { fix: hint };
  return [{ what: `“${step.title}”`, why: `${message} (${detail || code})`, on: step.on, ...fix }];
}

function partsOf(output: unknown): readonly NotSeen[] {
  if (typeof output !== "object" || output === null || !("notSeen" in output)) return [];
  return notSeen.safeParse(output.notSeen).data ?? [];
}

const distinct = (gaps: readonly Gap[]): Gap[] => [
  ...new Map(gaps.map((gap) => [JSON.stringify([gap.what, gap.why, gap.on]), gap])).values(),
];

function sayGaps(gaps: readonly Gap[]): string {
  const lines = gaps
    .slice(0, MOST_LINES)
    .map(
      ({ what, on, why, fix }) =>
        `• ${what} on ${on}: ${why}${fix === undefined ? "" : `. To see it: ${fix}`}`,
    );
  const more = gaps.length - lines.length;
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}
