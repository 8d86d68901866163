import { describe, expect, it } from "vitest";
import type { RemedyView } from "../../../src/core/words/view.ts";
import { sayVerdict, type Verified } from "../../../src/engine/say-verdict.ts";
import { remedy as made, PLAN } from "../../make/views.ts";

const remedy = (...checks: readonly string[]): RemedyView =>
  made({
    plan: { ...PLAN, verify: checks.map((name) => ({ name, action: "x.read", on: "main", input: {} })) },
  });

const seen = (more: Partial<Verified> = {}): Verified => ({
  ...{ verdict: "better", figures: undefined, after: {}, isSameRunbook: true, withinMs: 30_000 },
  ...more,
});
const blind = { locks: { ok: false as const, error: { code: "timeout", message: "no answer in 2 s" } } };

describe("what is said of a remedy that was done", () => {
  it("the cause is gone only where the runbook asked its own question again", () => {
    expect(sayVerdict(remedy("1.now", "locks"), seen())).toBe("Verified: the cause is gone");
    expect(sayVerdict(remedy("1.now"), seen())).toBe("Verified: the change has had its effect");
    expect(sayVerdict(remedy(), seen())).toBe("Verified: the change has had its effect");
  });

  it("figures say more than either", () => {
    expect(sayVerdict(remedy("locks"), seen({ figures: "waiting 4 → 0" }))).toBe("Verified: waiting 4 → 0");
  });

  it("a question that was not asked, because the runbook is another one now", () => {
    expect(sayVerdict(remedy("1.now", "locks"), seen({ isSameRunbook: false }))).toMatch(
      /^Verified: the change has had its effect; the runbook's own question was not asked/,
    );
    expect(sayVerdict(remedy("1.now"), seen({ isSameRunbook: false }))).toBe(
      "Verified: the change has had its effect",
    );
  });

  it("done, but not enough: figures that are well do not stand behind “not better”", () => {
    const said = sayVerdict(
      remedy("1.now", "locks", "idle"),
      seen({ verdict: "not enough", figures: "waiting sessions 1 → 0" }),
    );
    expect(said).toBe(
      "Done, but not enough within 30 s: waiting sessions 1 → 0; what the runbook asks once more (locks, idle) has not come right",
    );
  });

  it("what could not be looked at is said: it proves neither", () => {
    expect(sayVerdict(remedy("locks"), seen({ verdict: "not enough", after: blind }))).toMatch(
      /; it could not be looked at whole: no answer in 2 s$/,
    );
    expect(sayVerdict(remedy("1.now"), seen({ verdict: "not better", after: blind }))).toBe(
      "Not better within 30 s; it could not be looked at whole: no answer in 2 s",
    );
    expect(sayVerdict(remedy("1.now"), seen({ verdict: "not better" }))).toBe("Not better within 30 s");
  });
});
