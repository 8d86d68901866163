import { describe, expect, it } from "vitest";
import type { StepView } from "../../../src/core/words/view.ts";
import { notLookedAt } from "../../../src/engine/not-looked-at.ts";

const step = (name: string, more: Partial<StepView>): StepView => ({
  name,
  phase: "diagnose",
  stage: 0,
  action: "x.look",
  title: `Title of ${name}`,
  effect: "read",
  on: "db",
  input: null,
  state: "succeeded",
  epoch: 0,
  ...more,
});
const errored = (name: string) =>
  step(name, { state: "errored", error: { code: "timeout", message: `no answer to ${name}` } });

describe("what could not be looked at", () => {
  it("all was seen: no finding", () => {
    const all = [
      step("a", { output: { n: 1 } }),
      step("b", { output: { notSeen: [] } }),
      step("c", { output: null }),
    ];
    expect(notLookedAt(all, [])).toBeUndefined();
  });

  it("an error that a finding speaks of is no gap; any other is one", () => {
    expect(notLookedAt([errored("a")], ["a"])).toBeUndefined();
    expect(notLookedAt([errored("a")], [])).toEqual({
      id: "could-not-look",
      severity: "info",
      title: "Could not look at “Title of a”",
      because: "Nothing is known about it: no answer to a (timeout).",
      evidence: [],
    });
  });

  it("an action says itself what it did not see, and what would give it", () => {
    const part = { what: "the slow log", why: "NOPERM", fix: "ACL SETUSER bot +slowlog" };
    expect(notLookedAt([step("a", { output: { notSeen: [part] } })], [])).toMatchObject({
      title: "Could not look at the slow log",
      because: "Nothing is known about it: NOPERM. To see it: ACL SETUSER bot +slowlog.",
    });
  });

  it("an error that knows what gives the answer says it", () => {
    const error = { code: "target_error", message: "NOPERM", hint: "ACL SETUSER bot +info" };
    expect(notLookedAt([step("a", { state: "errored", error })], [])?.because).toContain(
      "ACL SETUSER bot +info",
    );
  });

  it("several become one finding with a line each, the same of two steps once", () => {
    const parts = ["w", "x", "y", "z"].map((what) => ({ what, why: "no right" }));
    const found = notLookedAt(
      [step("a", { output: { notSeen: parts } }), step("b", { output: { notSeen: parts } }), errored("c")],
      [],
    );
    expect(found?.title).toBe("Could not look at w, x, y and 2 more");
    expect(found?.evidence?.flatMap((one) => (one.kind === "text" ? one.text.split("\n") : []))).toHaveLength(
      5,
    );
  });

  it("steps of a remedy do not count", () => {
    expect(notLookedAt([{ ...errored("a"), phase: "verify" }], [])).toBeUndefined();
  });
});
