import { type Mutant, remove } from "./mutant.ts";

const LEVELS = "test/integration/escalate/levels.test.ts";
const DELIVERIES = "test/integration/escalate/deliveries.test.ts";
const DAMAGE = "test/integration/escalate/damage.test.ts";
const RAISE = "src/store/alert/escalations.ts";
const TELL = "src/store/alert/escalation-deliveries.ts";

/** Who is told when nobody answers: nobody too many, nobody twice. */
export const ESCALATION: readonly Mutant[] = [
  {
    guard: "an answer ends the escalation",
    removals: [
      remove(RAISE, "row.turn !== turn || !isOpen(factsOf(row), step)", "row.turn !== turn"),
      remove("src/core/rules/escalation.ts", "if (answered !== undefined) return undefined;", ""),
    ],
    file: LEVELS,
    test: "a decision taken on what has moved since",
  },
  {
    guard: "harm waits for an answer of its own",
    removals: [
      remove(
        "src/core/rules/escalation.ts",
        "answered !== undefined && (answeredLast ?? answered.at) >= since;",
        "answered !== undefined && since !== undefined;",
      ),
    ],
    file: DAMAGE,
    test: "is told though somebody has the incident",
  },
  {
    guard: "a ticket is spoken of once in its time",
    removals: [
      remove(
        "src/store/alert/remind.ts",
        "coalesce(e.reminded_at, e.at) <= clock_timestamp() - make_interval(secs => $4)",
        "$4::float8 > 0",
      ),
    ],
    file: DAMAGE,
    test: "is spoken of while it is open",
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
