import { type Mutant, remove } from "./mutant.ts";

const LOCKS = "test/integration/runbooks/mysql-locks.test.ts";
const SESSIONS = "src/connectors/mysql/actions/kill-connections.ts";
const QUERY = "src/connectors/mysql/actions/kill-query.ts";

/** What is ended on a MySQL is what was approved, and as it was then. */
export const MYSQL: readonly Mutant[] = [
  {
    guard: "mysql: who is in nobody's way is spared",
    removals: [remove(SESSIONS, "? roots.some(({ id }) => id === now.id)", "? true")],
    file: LOCKS,
    test: "ends nobody for whom nobody waits any more",
  },
  {
    guard: "mysql: who went on is spared",
    removals: [
      remove(
        SESSIONS,
        "now.seconds >= because.asleepSeconds && isSilent(wanted, now)),",
        "now.seconds >= 0),",
      ),
    ],
    file: LOCKS,
    test: "ends nobody who has gone on in the same transaction",
  },
  {
    guard: "mysql: a statement that came later is spared",
    removals: [
      remove(
        QUERY,
        "if (wanted.queryId !== null || now.queryId !== null) return now.queryId === wanted.queryId;",
        "if (wanted.queryId !== null) return true;",
      ),
      remove(QUERY, '"KILL QUERY ID ?", [wanted.queryId]', '"KILL QUERY ?", [wanted.id]'),
    ],
    file: LOCKS,
    test: "ends no later statement of the session",
  },
];
