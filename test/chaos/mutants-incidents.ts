import { type Mutant, remove } from "./mutant.ts";

const RUNS = "test/integration/engine/incident-runs.test.ts";
const ANSWERS = "test/integration/engine/answers.test.ts";
const CHOICE = "src/store/alert/incident-runs.ts";
const SAME_ACT = "src/store/run/same-act.ts";

/** The life of an incident: one question per act, asked about what is there now. */
export const INCIDENTS: readonly Mutant[] = [
  {
    guard: "what waits looks again at resolve",
    removals: [
      remove(
        "src/store/alert/incident-ends.ts",
        "await askToLookAgain(tx, { incident, thread, quietMs: 0 }, { why });",
        "",
      ),
    ],
    file: RUNS,
    test: "what is gone when the alert is resolved is withdrawn",
  },
  {
    guard: "what could not be looked at is not gone",
    removals: [remove("src/engine/look-again.ts", "if (isBlinder(claimed.view, view))", "if (false)")],
    file: RUNS,
    test: "what could not be looked at again is not called gone",
  },
  {
    guard: "a waiting run looks again instead of a second one",
    removals: [
      remove(
        CHOICE,
        'if (last?.isOpen === true && !last.tried) return { do: "look-again", run: last.id };',
        "",
      ),
    ],
    file: RUNS,
    test: "a run that waits looks again when the alert fires",
  },
  {
    guard: "a new run supersedes the cards of the one before",
    removals: [
      remove(
        CHOICE,
        "for (const old of replaced) await supersede(",
        "for (const old of replaced.slice(0, 0)) await supersede(",
      ),
    ],
    file: RUNS,
    test: "after a remedy was tried a new fire starts a new run",
  },
  {
    guard: "one card per act",
    removals: [
      remove(
        "src/store/run/remedies.ts",
        "if (other !== undefined)",
        "if (other !== undefined && other.run < 0)",
      ),
    ],
    file: RUNS,
    test: "two runs of one incident never ask for the same act",
  },
  {
    guard: "one approval for one act of two alerts",
    removals: [remove(SAME_ACT, "AND r.incident_id IS NOT NULL AND", "AND r.incident_id = $1 AND")],
    file: "test/integration/engine/same-act.test.ts",
    test: "two alerts with one cause ask once",
  },
  {
    guard: "who followed what came to nothing asks for itself",
    removals: [remove(SAME_ACT, "if (otherwise || CAME_TO_NOTHING.includes(status))", "if (otherwise)")],
    file: "test/integration/engine/same-act.test.ts",
    test: "where the one that asks goes away, the other alert asks for itself",
  },
  {
    guard: "who followed a card that asks for another act asks for itself",
    removals: [remove(SAME_ACT, "'planned') OR ${ASKS_OTHERWISE})", "'planned'))")],
    file: "test/integration/engine/same-act.test.ts",
    test: "where the card is planned again and asks for something else",
  },
  {
    guard: "quiet time",
    removals: [remove(CHOICE, "last?.isQuiet === true || last?.busy", "last?.busy")],
    file: RUNS,
    test: "within the quiet time a flapping alert is not diagnosed again",
  },
  {
    guard: "a resolve forgets what waited for its quiet time",
    removals: [
      remove(CHOICE, "i.status = 'firing' ORDER", "true ORDER"),
      remove("src/store/alert/incident-ends.ts", "runs_due_at = NULL, runs_due = NULL, stale_at", "stale_at"),
    ],
    file: RUNS,
    test: "a resolve forgets the run that waited",
  },
  {
    guard: "another situation is planned again",
    removals: [
      remove(
        "src/engine/look-again.ts",
        "return lines.length === 0 ? undefined : lines;",
        "return undefined;",
      ),
    ],
    file: RUNS,
    test: "another situation: the card is planned again",
  },
  {
    guard: "offers to take back end",
    removals: [remove("src/store/run/after-end.ts", " AND m.held_until <= statement_timestamp()", "")],
    file: ANSWERS,
    test: "the offer to take it back ends by itself",
  },
  {
    guard: "keep ends the offer of an ended run",
    removals: [remove("src/store/run/after-end.ts", 'if (answer !== "keep") return;', "return;")],
    file: ANSWERS,
    test: "the offer to take it back ends by itself",
  },
  {
    guard: "undo opens an ended run",
    removals: [remove("src/store/run/after-end.ts", 'if (answer === "undo") {', "if (false) {")],
    file: ANSWERS,
    test: "what has helped says its figures",
  },
  {
    guard: "no close before what is required is done",
    removals: [remove("src/store/alert/incident-ends.ts", "if (left.length > 0)", "if (left.length > 999)")],
    file: "test/integration/thread/checklists.test.ts",
    test: "keeps an incident from being closed",
  },
];
