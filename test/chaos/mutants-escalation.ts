import { type Mutant, remove } from "./mutant.ts";

const LEVELS = "test/integration/escalate/levels.test.ts";
const DELIVERIES = "test/integration/escalate/deliveries.test.ts";
const RAISE = "src/store/alert/escalations.ts";
const TELL = "src/store/alert/escalation-deliveries.ts";

/** Who is told when nobody answers: nobody too many, nobody twice. */
export const ESCALATION: readonly Mutant[] = [
  {
    guard: "an answer ends the escalation",
    removals: [
      remove(RAISE, "row.answered !== null || row.turn !== turn", "row.turn !== turn"),
      remove("src/core/rules/escalation.ts", "if (answered !== undefined) return undefined;", ""),
    ],
    file: LEVELS,
    test: "a decision taken on what has moved since",
  },
  {
    guard: "a freeze holds the escalation",
    removals: [remove(RAISE, "i.stale_at IS NULL AND ${NOT_FROZEN}", "i.stale_at IS NULL")],
    file: LEVELS,
    test: "while remedies are frozen",
  },
  {
    guard: "one group of a storm is escalated",
    removals: [remove(RAISE, "${NOT_FROZEN} AND ${NOT_TOLD_BY_STORM}", "${NOT_FROZEN}")],
    file: LEVELS,
    test: "of more than one group that a storm shows",
  },
  {
    guard: "told once where it is not known again",
    removals: [remove(TELL, 'if (row.state === "sending" && !row.keyed) {', "if (false) {")],
    file: DELIVERIES,
    test: "is never repeated where it is not",
  },
  {
    guard: "a delivery is settled by who has it",
    removals: [remove(TELL, "AND state = 'sending' AND attempts = $5", "AND $5::int > 0")],
    file: DELIVERIES,
    test: "leaves it to another",
  },
  {
    guard: "what is answered is not told",
    removals: [remove(TELL, 'if (row.event === "trigger" && (await isAnswered(tx, row))) {', "if (false) {")],
    file: DELIVERIES,
    test: "is not told what was answered",
  },
];
