import { bySeverity, type RecordedFinding } from "../core/words/finding.ts";

/** A finding and the ids of those that follow from it. */
export interface Explaining {
  readonly finding: RecordedFinding;
  readonly explains: readonly string[];
}

/**
 * The order in which findings are said: gravest first, but a cause before everything that follows from it, with the severity of
 * the gravest of these. What follows from another finding says so, and is answered by the cause's remedies in place of its own:
 * what would help against an effect alone leaves the cause there. Where findings explain each other in a circle none is the
 * cause, and each keeps what it has. Pure.
 */
export function causesFirst(all: readonly Explaining[]): RecordedFinding[] {
  const causeOf = causes(all);
  const rank = new Map(all.map(({ finding }) => [finding.id, gravestBelow(finding, all, causeOf)] as const));
  const sorted = all
    .map(({ finding }) => finding)
    .toSorted((a, b) =>
      bySeverity({ severity: rank.get(a.id) ?? a.severity }, { severity: rank.get(b.id) ?? b.severity }),
    );
  const said = sorted.map((finding) => {
    const root = rootOf(finding, causeOf);
    return root === undefined ? finding : follows(finding, root);
  });
  return said.flatMap((finding) =>
    causeOf.has(finding.id)
      ? []
      : [finding, ...said.filter((other) => rootOf(other, causeOf)?.id === finding.id)],
  );
}

/** The finding that each effect follows from: the first that says so, without circles. */
function causes(all: readonly Explaining[]): ReadonlyMap<string, RecordedFinding> {
  const known = new Map<string, RecordedFinding>();
  for (const { finding, explains } of all)
    for (const id of explains) {
      const isThere = all.some((other) => other.finding.id === id);
      if (isThere && !known.has(id) && id !== finding.id && rootId(finding.id, known) !== id)
        known.set(id, finding);
    }
  return known;
}

const rootId = (id: string, causeOf: ReadonlyMap<string, RecordedFinding>): string => {
  const cause = causeOf.get(id);
  return cause === undefined ? id : rootId(cause.id, causeOf);
};

function rootOf(
  { id }: RecordedFinding,
  causeOf: ReadonlyMap<string, RecordedFinding>,
): RecordedFinding | undefined {
  const cause = causeOf.get(id);
  return cause === undefined ? undefined : (rootOf(cause, causeOf) ?? cause);
}

const gravestBelow = (
  finding: RecordedFinding,
  all: readonly Explaining[],
  causeOf: ReadonlyMap<string, RecordedFinding>,
) =>
  all
    .map((one) => one.finding)
    .filter((one) => one.id === finding.id || rootOf(one, causeOf)?.id === finding.id)
    .toSorted(bySeverity)[0]?.severity ?? finding.severity;

const follows = (effect: RecordedFinding, cause: RecordedFinding): RecordedFinding => ({
  ...effect,
  because: [effect.because, `Follows from: ${cause.title}.`].filter((part) => part !== "").join(" "),
  remedies: cause.remedies,
});
