import { type Mutant, remove } from "./mutant.ts";

const ENGINE = "test/integration/engine/auto.test.ts";
const GATE = "test/integration/engine/auto-gate.test.ts";
const WATCH = "test/integration/engine/auto-watch.test.ts";
const RULES = "test/unit/core/auto.test.ts";
const LEVELS = "test/integration/escalate/auto.test.ts";
const RULE = "src/core/rules/auto.ts";
const VOTE = "src/store/run/auto.ts";
const WRITES = "src/store/run/writes.ts";
const FACTS = "src/store/alert/escalation-facts.ts";

/** What is applied without a person: nothing too dangerous, not too often, not after harm, and never as if it were a person. */
export const AUTO: readonly Mutant[] = [
  {
    guard: "auto: a person's run asks people",
    removals: [remove(RULE, 'via === "alert" || via === "schedule"', "via !== undefined")],
    file: ENGINE,
    test: "a run that a person has asked for asks people",
  },
  {
    guard: "auto: what destroys",
    removals: [
      remove(RULE, 'if (risk === "destructive") return "its risk is destructive";', ""),
      remove(RULE, "highestRisk([risk, rule.upTo]) !== rule.upTo", 'risk === "high" && rule.upTo === "low"'),
    ],
    file: RULES,
    test: "is what is allowed, can be taken back",
  },
  {
    guard: "auto: what cannot be taken back",
    removals: [remove(RULE, 'if (!facts.isReversible) return "it cannot be taken back";', "")],
    file: ENGINE,
    test: "where it cannot be taken back",
  },
  {
    guard: "auto: number of changes",
    removals: [remove(RULE, "changes !== undefined && changes > rule.changes", "changes === 99")],
    file: ENGINE,
    test: "where it makes more changes than it may",
  },
  {
    guard: "auto: two people, at the vote",
    removals: [remove(RULE, "approvals === 1 ? undefined :", "approvals < 99 ? undefined :")],
    file: ENGINE,
    test: "where two people are needed",
  },
  {
    guard: "auto: two people, at the intent",
    removals: [remove(WRITES, "(a.policy ->> 'approvals')::int = 1", "(a.policy ->> 'approvals')::int > 0")],
    file: ENGINE,
    test: "where the vote of the policy would be one of two",
  },
  {
    guard: "auto: budget",
    removals: [
      remove(VOTE, ">= rule.most ? saySpent(rule) : undefined", ">= 99 ? saySpent(rule) : undefined"),
    ],
    file: ENGINE,
    test: "once its budget is spent",
  },
  {
    guard: "auto: freeze",
    removals: [remove(VOTE, "if (freeze !== undefined)", "if (freeze?.by === '')")],
    file: ENGINE,
    test: "while remedies are frozen",
  },
  {
    guard: "auto: health gate",
    removals: [
      remove("src/store/run/auto-off.ts", "if (rowCount === 1) await turnOff(tx, ended);", "void rowCount;"),
    ],
    file: GATE,
    test: "what did not help turns the policy off",
  },
  {
    guard: "auto: off, at the vote",
    removals: [remove(VOTE, "if (off !== undefined) return", "if (off?.by === '') return")],
    file: GATE,
    test: "what did not help turns the policy off",
  },
  {
    guard: "auto: off, at the intent",
    removals: [remove(WRITES, "approval.auto && !approval.begun ?", "approval.need > 99 ?")],
    file: GATE,
    test: "turned off between vote and effect",
  },
  {
    guard: "auto: one after the other",
    removals: [
      remove(
        VOTE,
        'if (await isAnotherUnderWay(tx.sql, fence.run, act)) return "busy";',
        "void isAnotherUnderWay;",
      ),
    ],
    file: GATE,
    test: "one after the other",
  },
  {
    guard: "auto: cancelled in its grace time",
    removals: [
      remove(
        "src/store/human/auto.ts",
        "UPDATE approval a SET auto_at = NULL, auto_stopped_by",
        "UPDATE approval a SET auto_stopped_by",
      ),
    ],
    file: ENGINE,
    test: "somebody cancels it within the grace time",
  },
  {
    guard: "auto: named in diagbot.yaml still, at the effect",
    removals: [
      remove("src/engine/apply.ts", "whyNoLonger(deps, claimed, remedy)", "(whyNoLonger, undefined)"),
    ],
    file: ENGINE,
    test: "where diagbot.yaml no longer names it",
  },
  {
    guard: "auto: its vote is no answer",
    removals: [remove(FACTS, "AND v.at >= t.since AND v.via <> '${AUTO_VIA}'", "AND v.at >= t.since")],
    file: LEVELS,
    test: "the policy's vote is nobody's answer",
  },
  {
    guard: "auto: what it tried in vain waits for people",
    removals: [
      remove(FACTS, "m.status IN ('failed', 'errored', 'unknown', 'undone')", "m.status IN ('none')"),
    ],
    file: LEVELS,
    test: "the policy's vote is nobody's answer",
  },
  {
    guard: "auto: what has not stayed has failed",
    removals: [remove("src/engine/watch.ts", 'if (ENDS[verdict] === "failed")', "if (watched < 0)")],
    file: WATCH,
    test: "what has not stayed has failed",
  },
  {
    guard: "auto: watched for its whole time",
    removals: [remove("src/engine/watch.ts", "if (left > 0) return next();", "")],
    file: WATCH,
    test: "what was applied without a person is watched for its time",
  },
  {
    guard: "auto: what people have approved is not watched",
    removals: [
      remove(
        "src/engine/verify.ts",
        "approval !== undefined && isByPolicy(approval) ?",
        "approval !== undefined ?",
      ),
    ],
    file: WATCH,
    test: "a cancel ends the watch; what people",
  },
];
