import { describe, expect, test } from "vitest";
import { type ApprovalFacts, decideVote } from "../../../src/core/rules/vote.ts";
import { APPROVAL_STATES, type Vote } from "../../../src/core/words/approval.ts";
import { ApprovalId, PrincipalId } from "../../../src/core/words/ids.ts";
import { Policy } from "../../../src/core/words/policy.ts";
import { product } from "./product.ts";

const id = (name: string) => PrincipalId.parse(name);
const NOW = new Date("2026-01-01T12:00:00Z");
const PLAN = "a".repeat(64);

const POLICIES = product({
  approvals: [1, 2, 3],
  from: [["oncall"], ["oncall", "dba"]],
  self: [false, true],
  breakGlass: [undefined, { from: ["lead"], channel: "C0" }],
}).map((policy) => Policy.parse(policy));

const VOTERS = product({
  roles: [[], ["oncall"], ["dba"], ["lead"], ["oncall", "lead"]],
  isRequester: [false, true],
});

const VOTES = product({
  decision: ["approve", "deny"] as const,
  sawPlan: [true, false],
  breakGlass: [undefined, "no reason", "reason"] as const,
});

const SITUATIONS = product({
  state: APPROVAL_STATES,
  isOver: [false, true],
  /** Who approved before. */
  earlier: ["nobody", "one other", "the voter"] as const,
});

interface Cell {
  readonly policy: Policy;
  readonly voter: (typeof VOTERS)[number];
  readonly vote: (typeof VOTES)[number];
  readonly situation: (typeof SITUATIONS)[number];
}

/**
 * The rules, each on its own, as people were told them: a vote counts when none of them speaks against it. Written without
 * looking at decideVote: which of several broken rules is named first is left open.
 */
const RULES: readonly { code: string; breaks(cell: Cell): boolean }[] = [
  { code: "not_decidable", breaks: ({ situation }) => situation.state !== "pending" },
  { code: "not_decidable", breaks: ({ situation }) => situation.isOver },
  { code: "drifted", breaks: ({ vote }) => !vote.sawPlan },
  {
    code: "not_allowed",
    breaks: ({ policy, voter }) =>
      new Set([...policy.from, ...voter.roles]).size === policy.from.length + voter.roles.length,
  },
  { code: "not_allowed", breaks: ({ policy, voter }) => voter.isRequester && !policy.self },
  { code: "not_decidable", breaks: ({ situation }) => situation.earlier === "the voter" },
  {
    code: "not_allowed",
    breaks: ({ policy, voter, vote }) =>
      vote.decision === "approve" &&
      vote.breakGlass !== undefined &&
      (policy.breakGlass === undefined || !voter.roles.includes("lead") || vote.breakGlass === "no reason"),
  },
];

function expected(cell: Cell): { codes: readonly string[] } | { state: string } {
  const codes = RULES.filter((rule) => rule.breaks(cell)).map((rule) => rule.code);
  if (codes.length > 0) return { codes };
  if (cell.vote.decision === "deny") return { state: "denied" };
  const have = cell.situation.earlier === "nobody" ? 1 : 2;
  const carries = cell.vote.breakGlass === "reason" || have >= cell.policy.approvals;
  return { state: carries ? "approved" : "pending" };
}

function decided({ policy, voter, vote, situation }: Cell) {
  const votes: Vote[] =
    situation.earlier === "nobody"
      ? []
      : [
          {
            principal: id(situation.earlier === "the voter" ? "voter" : "other"),
            decision: "approve",
            at: NOW,
          },
        ];
  const facts: ApprovalFacts = {
    id: ApprovalId.parse("0".repeat(32)),
    state: situation.state,
    planSha256: PLAN,
    policy,
    requester: id(voter.isRequester ? "voter" : "somebody"),
    expiresAt: new Date(NOW.getTime() + (situation.isOver ? 0 : 1)),
    votes,
  };
  const cast = {
    voter: { id: id("voter"), roles: voter.roles },
    decision: vote.decision,
    planSha256: vote.sawPlan ? PLAN : "b".repeat(64),
    ...(vote.breakGlass === undefined ? {} : { breakGlass: true }),
    reason: vote.breakGlass === "reason" ? "the shop is down, nobody answers" : " too short ",
  };
  return decideVote(facts, cast, NOW);
}

describe("every cell of policy × voter × vote × situation is decided", () => {
  const cells: Cell[] = product({ policy: POLICIES, voter: VOTERS, vote: VOTES, situation: SITUATIONS });

  test("there are enough of them, and all three outcomes and codes occur", () => {
    expect(cells.length).toBeGreaterThan(2_000);
    const seen = new Set(cells.map(decided).map((verdict) => (verdict.ok ? verdict.state : verdict.code)));
    expect([...seen].sort()).toEqual([
      "approved",
      "denied",
      "drifted",
      "not_allowed",
      "not_decidable",
      "pending",
    ]);
  });

  test("as the rules say", () => {
    const wrong = cells.filter((cell) => {
      const want = expected(cell);
      const verdict = decided(cell);
      if ("codes" in want) return verdict.ok || !want.codes.includes(verdict.code);
      return !verdict.ok || verdict.state !== want.state;
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  });
});

test("two votes of one person are one approval, even where rows say otherwise", () => {
  const vote = { principal: id("bob"), decision: "approve", at: NOW } as const;
  const policy = Policy.parse({ approvals: 3, from: ["oncall"] });
  const facts: ApprovalFacts = {
    id: ApprovalId.parse("0".repeat(32)),
    state: "pending",
    planSha256: PLAN,
    policy,
    requester: undefined,
    expiresAt: new Date(NOW.getTime() + 1),
    votes: [vote, vote],
  };
  const cast = {
    voter: { id: id("eve"), roles: ["oncall"] },
    decision: "approve",
    planSha256: PLAN,
  } as const;
  expect(decideVote(facts, cast, NOW)).toEqual({ ok: true, state: "pending", approvals: 2 });
});
