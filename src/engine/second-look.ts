import type { NewRemedy, SecondLook } from "../core/ports/run-store.ts";
import { COULD_NOT_LOOK, type RecordedFinding } from "../core/words/finding.ts";
import type { RemedyView, RunView } from "../core/words/view.ts";

type Why = NonNullable<RunView["lookAgain"]>["why"];

interface Conclusions {
  readonly findings: readonly RecordedFinding[];
  readonly remedies: readonly NewRemedy[];
}

/** What a second look says of the first one; pure. `wanted`: remedies that something there names. */
export function compareLooks(
  before: RunView,
  { findings, remedies }: Conclusions,
  why: Why,
): Pick<SecondLook, "findings" | "added" | "withdrawn"> & { readonly wanted: ReadonlySet<string> } {
  const there = new Set(findings.map(({ id }) => id));
  const missing = before.findings.filter((finding) => isProblem(finding) && !there.has(finding.id));
  const all = [
    ...findings.filter(isProblem).map((finding) => ({ ...finding, gone: false })),
    ...missing.map(({ goneAt: _before, ...finding }) => ({ ...finding, gone: true })),
    ...findings.filter((finding) => !isProblem(finding)).map((finding) => ({ ...finding, gone: false })),
  ];
  const wanted = new Set(all.filter(({ gone }) => !gone).flatMap((finding) => finding.remedies));
  const known = new Set(before.remedies.map(({ key }) => key));
  return {
    findings: all,
    added: remedies.filter(({ key }) => !known.has(key)),
    withdrawn: {
      keys: before.remedies.map(({ key }) => key).filter((key) => !wanted.has(key)),
      because: `No longer there: ${SAYS[why]}, everything was looked at again`,
    },
    wanted,
  };
}

const isProblem = ({ id }: RecordedFinding): boolean => id !== COULD_NOT_LOOK;

const SAYS: Readonly<Record<Why, string>> = {
  resolved: "the alert is resolved",
  closed: "the incident was closed",
  fired: "the alert fired again",
};

/** A check that was answered at first and is not now. */
export const isBlinder = (before: RunView, after: RunView): boolean => {
  const answered = new Set(before.steps.filter(({ state }) => state === "succeeded").map(({ name }) => name));
  return after.steps.some(
    ({ phase, name, state }) => phase === "diagnose" && state === "errored" && answered.has(name),
  );
};

/**
 * May a remedy be planned again in place? One that waits, where its plan would be another one; after a new fire also one that
 * had come to nothing. Never what a person has denied, and nothing that was tried: that is another run's to ask.
 */
export const needsNewPlan = ({ status, attempts, held }: RemedyView, why: Why): boolean =>
  attempts.length === 0 &&
  held === undefined &&
  (status === "waiting" || (why === "fired" && ["void", "expired", "skipped", "errored"].includes(status)));
