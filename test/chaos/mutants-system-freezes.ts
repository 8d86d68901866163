import { type Mutant, remove } from "./mutant.ts";

const ENGINE = "test/integration/engine/system-freezes.test.ts";
const ALERTS = "test/integration/escalate/maintenance.test.ts";

/** A system that is frozen or in maintenance: nothing is applied there, and in maintenance nobody is called. */
export const SYSTEM_FREEZES: readonly Mutant[] = [
  {
    guard: "freeze of a system",
    removals: [
      remove(
        "src/store/run/writes.ts",
        "WHERE system = (SELECT system FROM run WHERE id = $1) AND ${HOLDS} LIMIT 1",
        "WHERE system = (SELECT system FROM run WHERE id = $1) AND by = '' LIMIT 1",
      ),
    ],
    file: ENGINE,
    test: "no write is announced on a frozen system",
  },
  {
    guard: "a system's freeze is not made shorter",
    removals: [
      remove(
        "src/store/human/system-freezes.ts",
        "CASE WHEN $7 THEN ${until} WHEN",
        "CASE WHEN $7 OR NOT $7 THEN ${until} WHEN",
      ),
    ],
    file: ENGINE,
    test: "is never made shorter by who may not unfreeze",
  },
  {
    guard: "maintenance starts no run",
    removals: [
      remove(
        "src/store/alert/alerts.ts",
        "if (!quiet) return startIncidentRuns",
        "if (!quiet || quiet) return startIncidentRuns",
      ),
    ],
    file: ALERTS,
    test: "what fires in maintenance",
  },
  {
    guard: "maintenance holds the escalation",
    removals: [remove("src/store/alert/escalations.ts", 'AND NOT ${isSystemFrozen("i.system")}`', "`")],
    file: ALERTS,
    test: "what fires in maintenance",
  },
  {
    guard: "maintenance announces no reopening",
    removals: [
      remove(
        "src/store/alert/incident-runs.ts",
        'NOT ${isInMaintenance("(SELECT system FROM incident WHERE id = $1)")} AND NOT coalesce',
        "NOT coalesce",
      ),
    ],
    file: ALERTS,
    test: "the channel does not hear",
  },
];
