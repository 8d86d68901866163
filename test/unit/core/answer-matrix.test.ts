import { expect, test } from "vitest";
import { DID_NOT_AFTER_MS, decideAnswer, type QuestionFacts } from "../../../src/core/rules/answer.ts";
import { ANSWERS } from "../../../src/core/words/answer.ts";
import { PrincipalId } from "../../../src/core/words/ids.ts";
import { Policy } from "../../../src/core/words/policy.ts";
import { product } from "./product.ts";

const id = (name: string) => PrincipalId.parse(name);
const NOW = new Date("2026-01-01T12:00:00Z");

const CELLS = product({
  kind: ["unknown", "held"] as const,
  answer: ANSWERS,
  risk: ["low", "high", "destructive"] as const,
  roles: [[], ["oncall"], ["dba"]],
  isRequester: [false, true],
  self: [false, true],
  undoable: [false, true],
  /** Since the attempt's deadline, in ms; undefined: there is no attempt. */
  since: [undefined, DID_NOT_AFTER_MS - 1, DID_NOT_AFTER_MS],
  earlier: ["nobody", "the voter", "another, the same", "another, otherwise"] as const,
});
type Cell = (typeof CELLS)[number];

const OF_UNKNOWN = ["happened", "did-not", "abandon"];

/** The rules, each on its own; which of several broken ones is named first is left open. */
const RULES: readonly { code: string; breaks(cell: Cell): boolean }[] = [
  {
    code: "not_decidable",
    breaks: ({ kind, answer }) => OF_UNKNOWN.includes(answer) !== (kind === "unknown"),
  },
  { code: "not_allowed", breaks: ({ roles }) => !roles.includes("oncall") },
  // Whoever asked for the run may take it back or keep it, but not say that it happened.
  {
    code: "not_allowed",
    breaks: ({ kind, isRequester, self }) => kind === "unknown" && isRequester && !self,
  },
  { code: "not_decidable", breaks: ({ answer, undoable }) => answer === "undo" && !undoable },
  { code: "not_decidable", breaks: ({ earlier }) => earlier === "the voter" },
  {
    code: "not_decidable",
    breaks: ({ answer, since }) => answer === "did-not" && (since ?? 0) < DID_NOT_AFTER_MS,
  },
];

function verdictOf(cell: Cell) {
  const other = cell.answer === "happened" ? "abandon" : "happened";
  const answers: QuestionFacts["answers"] =
    cell.earlier === "nobody"
      ? []
      : [
          {
            principal: id(cell.earlier === "the voter" ? "voter" : "other"),
            answer: cell.earlier === "another, otherwise" ? other : cell.answer,
          },
        ];
  const question: QuestionFacts = {
    kind: cell.kind,
    policy: Policy.parse({ approvals: 1, from: ["oncall"], self: cell.self }),
    requester: id(cell.isRequester ? "voter" : "somebody"),
    risk: cell.risk,
    effectDeadline: cell.since === undefined ? undefined : new Date(NOW.getTime() - cell.since),
    undoable: cell.undoable,
    answers,
  };
  return decideAnswer(question, { voter: { id: id("voter"), roles: cell.roles }, answer: cell.answer }, NOW);
}

test("every cell of question × answer × person × time is decided as the rules say", () => {
  expect(CELLS.length).toBeGreaterThan(2_000);
  const wrong = CELLS.filter((cell) => {
    const codes = RULES.filter((rule) => rule.breaks(cell)).map((rule) => rule.code);
    const verdict = verdictOf(cell);
    if (codes.length > 0) return verdict.ok || !codes.includes(verdict.code);
    const needsTwo = cell.kind === "unknown" && cell.risk === "destructive";
    const decided = !needsTwo || cell.earlier === "another, the same";
    return !verdict.ok || verdict.decided !== decided;
  });
  expect(wrong.slice(0, 3)).toEqual([]);
});
