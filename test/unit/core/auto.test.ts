import { describe, expect, it } from "vitest";
import { whyNotAuto } from "../../../src/core/rules/auto.ts";
import { countApprovals } from "../../../src/core/rules/vote.ts";
import { AUTO_VOTER, AutoRule } from "../../../src/core/words/auto.ts";
import { PrincipalId } from "../../../src/core/words/ids.ts";
import { Policies } from "../../../src/core/words/policy.ts";
import { RISKS } from "../../../src/core/words/risk.ts";
import { product } from "./product.ts";

const policyOf = (approvals: number, expires = "30m") => ({ approvals, from: ["oncall"], expires });
const policies = (approvals: number, expires?: string) =>
  Policies.parse(Object.fromEntries(RISKS.map((risk) => [risk, policyOf(approvals, expires)])));
const CELLS = product({
  risk: RISKS,
  upTo: ["low", "high"] as const,
  isReversible: [true, false],
  approvals: [1, 2],
  changes: [undefined, 1, 2],
});

describe("what may be applied without a person", () => {
  it("is what is allowed, can be taken back, needs one voter and is small: every cell", () => {
    for (const { risk, upTo, isReversible, approvals, changes } of CELLS) {
      const rule = AutoRule.parse({ upTo });
      const why = whyNotAuto(
        rule,
        { risk, isReversible, ...(changes === undefined ? {} : { changes }) },
        policies(approvals),
      );
      const may =
        risk !== "destructive" &&
        (risk === "low" || upTo === "high") &&
        isReversible &&
        approvals === 1 &&
        changes !== 2;
      expect(why === undefined, JSON.stringify({ risk, upTo, isReversible, approvals, changes, why })).toBe(
        may,
      );
    }
  });

  it("is nothing where no policy allows that risk, or where its card would be gone before it acts", () => {
    const facts = { risk: "low", isReversible: true } as const;
    expect(whyNotAuto(AutoRule.parse({}), facts, {})).toMatch(/no policy allows/);
    expect(whyNotAuto(AutoRule.parse({ grace: "1m" }), facts, policies(1, "1m"))).toMatch(/grace time/);
  });

  it.each([
    [{ most: 0 }],
    [{ most: 21 }],
    [{ within: "30s" }],
    [{ within: "8d" }],
    [{ grace: "1s" }],
    [{ grace: "2h" }],
    [{ upTo: "destructive" }],
    [{ changes: 11 }],
    [{ often: 3 }],
  ])("is not written as %j", (rule) => {
    expect(AutoRule.safeParse(rule).success).toBe(false);
  });
});

it("the policy's vote is nobody's", () => {
  const vote = { decision: "approve" as const, at: new Date(0) };
  expect(
    countApprovals([
      { ...vote, principal: PrincipalId.parse(AUTO_VOTER), auto: true },
      { ...vote, principal: PrincipalId.parse("bob") },
    ]),
  ).toBe(1);
});
