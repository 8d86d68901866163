import { describe, expect, it } from "vitest";
import type { Finding } from "../../../src/core/words/finding.ts";
import type { StepView } from "../../../src/core/words/view.ts";
import { explainedSteps } from "../../../src/engine/explained.ts";
import { step } from "../../make/views.ts";

const refused = { code: "target_unreachable", message: "connection refused", detail: "ECONNREFUSED" };
const broken = (name: string, error: StepView["error"] = refused, on = "postgres") =>
  step(name, name, { state: "errored", on, ...(error === undefined ? {} : { error }) });

/** A runbook that says of the first step why it failed, and nothing of the others. */
const sayFirst = (steps: readonly StepView[]): Finding[] => {
  const first = steps.find(({ state }) => state === "errored");
  return first === undefined
    ? []
    : [{ id: "down", severity: "critical", title: `Postgres: ${first.error?.detail}`, because: "" }];
};

describe("a step that failed", () => {
  it("is evidence where a finding rests on its error, and with it those that failed alike", () => {
    const steps = [broken("usage"), broken("idle"), broken("cache", refused, "redis"), step("web", "web")];
    expect(explainedSteps(steps, sayFirst)).toEqual(["usage", "idle"]);
  });

  it("is evidence with all that failed alike, where the next would say the same as the first", () => {
    const anyOf = (steps: readonly StepView[]): Finding[] =>
      steps.some(({ error }) => error?.detail === "ECONNREFUSED")
        ? [{ id: "down", severity: "critical", title: "nothing listens", because: "" }]
        : [];
    expect(explainedSteps([broken("a"), broken("b"), broken("c")], anyOf)).toEqual(["a", "b", "c"]);
  });

  it("is evidence where a finding names it, though it would be found without", () => {
    const named = (): Finding[] => [
      { id: "oom", severity: "critical", title: "full", because: "", restsOn: ["write"] },
    ];
    expect(explainedSteps([broken("write"), broken("other", refused, "redis")], named)).toEqual(["write"]);
  });

  it("stays a gap where nobody looked at its error", () => {
    const denied = { code: "target_refused", message: "permission denied", detail: "42501" };
    const onlyThatItFailed = (): Finding[] => [{ id: "x", severity: "info", title: "t", because: "" }];
    expect(explainedSteps([broken("usage", denied)], onlyThatItFailed)).toEqual([]);
    // Looked at, and said nothing about: a rule for another cause.
    const misconf = (steps: readonly StepView[]): Finding[] =>
      steps[0]?.error?.detail === "MISCONF" ? sayFirst(steps) : [];
    expect(explainedSteps([broken("write", denied)], misconf)).toEqual([]);
    expect(explainedSteps([broken("usage"), broken("idle", denied)], sayFirst)).toEqual(["usage"]);
  });

  it("stays a gap where the findings cannot be said without its error", () => {
    const throws = (steps: readonly StepView[]): Finding[] => {
      if (steps[0]?.error?.detail === undefined) throw new Error("no detail");
      return sayFirst(steps);
    };
    expect(explainedSteps([broken("usage")], throws)).toEqual([]);
  });
});
