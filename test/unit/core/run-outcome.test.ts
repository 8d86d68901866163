import { describe, expect, it } from "vitest";
import { type OutcomeFacts, outcomeOf, stateOf } from "../../../src/core/rules/run-outcome.ts";
import { COULD_NOT_LOOK } from "../../../src/core/words/finding.ts";
import { REMEDY_STATUSES, RUN_OUTCOMES, RUN_STATUSES } from "../../../src/core/words/outcome.ts";

const facts = (more: Partial<OutcomeFacts>): OutcomeFacts => ({
  status: "succeeded",
  findings: [],
  remedies: [],
  gaps: 0,
  ...more,
});
const full = { id: "full", severity: "critical", remedies: ["end", "raise"] } as const;
const note = { id: "note", severity: "info", remedies: [] } as const;
const unseen = { id: COULD_NOT_LOOK, severity: "info", remedies: [] } as const;
const remedy = (status: OutcomeFacts["remedies"][number]["status"], key = "end") => ({ key, status });

describe("what came of a run", () => {
  it.each([
    ["gone", facts({ findings: [{ ...note, severity: "warning", gone: true }] })],
    ["healthy", facts({})],
    ["could not look", facts({ gaps: 1 })],
    ["could not look", facts({ status: "errored" })],
    ["could not look", facts({ findings: [unseen] })],
    ["found", facts({ findings: [note, unseen] })],
    ["fixed", facts({ findings: [full, unseen], remedies: [remedy("succeeded")] })],
    ["cancelled", facts({ status: "cancelled" })],
    ["found", facts({ findings: [full], remedies: [remedy("advice")] })],
    ["found", facts({ findings: [full], remedies: [remedy("skipped")], gaps: 2 })],
    ["found", facts({ findings: [note] })],
    ["fixed", facts({ findings: [full, note], remedies: [remedy("succeeded"), remedy("skipped", "raise")] })],
    ["open", facts({ findings: [full, { ...note, severity: "warning" }], remedies: [remedy("succeeded")] })],
    [
      "open",
      facts({ status: "failed", findings: [full], remedies: [remedy("failed"), remedy("denied", "raise")] }),
    ],
    ["open", facts({ status: "failed", findings: [full], remedies: [remedy("undone")] })],
    ["open", facts({ status: "cancelled", findings: [full], remedies: [remedy("unknown")] })],
    ["cancelled", facts({ status: "cancelled", findings: [full], remedies: [remedy("cancelled")] })],
    ["denied", facts({ findings: [full], remedies: [remedy("denied"), remedy("expired", "raise")] })],
    ["void", facts({ findings: [full], remedies: [remedy("void"), remedy("expired", "raise")] })],
    ["expired", facts({ findings: [full], remedies: [remedy("expired")] })],
  ] as const)("%s", (word, seen) => {
    expect(outcomeOf(seen)).toBe(word);
    expect(stateOf(seen)).toBe(word);
  });

  it("is never called healthy or fixed where something is left, whatever the statuses", () => {
    for (const status of RUN_STATUSES)
      for (const one of REMEDY_STATUSES)
        for (const gaps of [0, 1]) {
          const word = outcomeOf(facts({ status, findings: [full], remedies: [remedy(one)], gaps }));
          expect(RUN_OUTCOMES).toContain(word);
          expect(word === "healthy").toBe(false);
          expect(word === "fixed").toBe(one === "succeeded");
          if (gaps > 0) expect(outcomeOf(facts({ status, gaps }))).not.toBe("healthy");
        }
  });

  it("is the status while the run goes on", () => {
    expect(stateOf(facts({ status: "waiting", findings: [full], remedies: [remedy("waiting")] }))).toBe(
      "waiting",
    );
  });
});
