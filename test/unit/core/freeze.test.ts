import { describe, expect, it } from "vitest";
import { mayUnfreeze, sayApprovedFrozen, saySetsOff } from "../../../src/core/rules/freeze.ts";
import { FreezeRules } from "../../../src/core/words/freeze.ts";
import { RunId } from "../../../src/core/words/ids.ts";
import { Policies } from "../../../src/core/words/policy.ts";

const policies = Policies.parse({
  high: { approvals: 1, from: ["oncall"] },
  low: { approvals: 1, from: ["dba"] },
});
const now = new Date("2026-11-29T16:00:00Z");

describe("who may unfreeze", () => {
  it.each([
    [undefined, ["oncall"], true],
    [undefined, ["dba"], true],
    [undefined, ["reader"], false],
    [["lead"], ["oncall"], false],
    [["lead"], ["lead"], true],
  ])("roles %j, person with %j: %s", (unfreeze, roles, may) => {
    expect(
      mayUnfreeze(FreezeRules.parse(unfreeze === undefined ? {} : { unfreeze }), policies, { roles }),
    ).toBe(may);
  });

  it("is nobody without a name, and any person where no policy asks for a role", () => {
    expect(mayUnfreeze(undefined, policies, undefined)).toBe(false);
    expect(mayUnfreeze(undefined, {}, { roles: [] })).toBe(true);
  });
});

describe("what an approval under a freeze means", () => {
  const at = (clock: string) => new Date(`2026-11-29T${clock}:00Z`);

  it.each([
    ["17:46", "16:56", "approved, but frozen by alice until 17:46 UTC; this approval lapses at 16:56 UTC"],
    [
      "16:46",
      "16:56",
      "approved, but frozen by alice until 16:46 UTC; it begins then, as this approval holds until 16:56 UTC",
    ],
  ])("frozen until %s, lapses at %s", (until, lapses, says) => {
    expect(sayApprovedFrozen({ by: "alice", until: at(until) }, at(lapses), now)).toBe(says);
  });

  it("names the day where it is not today", () => {
    expect(
      sayApprovedFrozen({ by: "alice", until: new Date("2026-12-02T09:00:00Z") }, at("16:56"), now),
    ).toContain("until 2 Dec 09:00 UTC");
    expect(sayApprovedFrozen({ by: "alice" }, at("16:56"), now)).toContain("until somebody unfreezes");
  });
});

it("what it sets off is named, or that nothing is", () => {
  const run = RunId.parse(17);
  expect(saySetsOff([])).toBe("Nothing was waiting for it.");
  expect(saySetsOff([{ run, system: "shop", remedy: "t", title: "Terminate", act: "apply" }])).toContain(
    "apply: Terminate (run #17 on shop)",
  );
});
