import { type Mutant, remove } from "./mutant.ts";

const CLIENT = "src/connectors/postgres/client.ts";
const SCHEDULE = "src/store/run/schedule.ts";
const QUERY = "test/integration/connectors/postgres-query.test.ts";
const SCHEDULES = "test/integration/engine/schedules.test.ts";

/** What keeps statements of authors from changing anything, and schedules from running twice. */
export const CHECKS: readonly Mutant[] = [
  {
    guard: "checks: READ ONLY",
    removals: [
      remove(CLIENT, "BEGIN READ ONLY; SET LOCAL statement_timeout", "BEGIN; SET LOCAL statement_timeout"),
    ],
    file: QUERY,
    test: "a function that deletes",
  },
  {
    guard: "checks: nothing stays of a statement",
    removals: [remove(CLIENT, '"ROLLBACK; SELECT pg_advisory_unlock_all()"', '"COMMIT"')],
    file: QUERY,
    test: "what it sets or locks for the session does not stay",
  },
  {
    guard: "schedules: once over all processes",
    removals: [
      remove(
        "src/ingress/schedule/scheduler.ts",
        "dedupeKey: slotKey(schedule, slot),",
        "dedupeKey: `${slotKey(schedule, slot)}${Math.random()}`,",
      ),
    ],
    file: SCHEDULES,
    test: "by several processes at once",
  },
  {
    guard: "schedules: no overlap",
    removals: [
      remove(SCHEDULE, "AND status IN ('queued', 'running', 'waiting') LIMIT 1", "AND false LIMIT 1"),
    ],
    file: SCHEDULES,
    test: "and not while a run of it has not ended",
  },
];
