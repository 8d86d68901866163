// How far purge is behind: for whom old rows are kept, and whether the list falls by itself already.
import { expect, it } from "vitest";
import { mysqlLocks } from "../../../runbooks/mysql/mysql-locks.ts";
import { judge } from "../../../src/testing/judge.ts";

const LOCKS = { waiting: [], total: 0, longestSeconds: null, roots: [], behindPrepared: 0, candidates: [] };
const session = (more: object = {}) => ({
  ...{ id: 6, user: "app", host: "127.0.0.1:1", database: "shop", command: "Sleep", state: "", seconds: 200 },
  ...{ statement: "", queryId: 12, transaction: "2026-12-01 17:47:18", transactionSeconds: 200 },
  ...{ rowsModified: 0, rowsLocked: 0, spared: null, ...more },
});
const found = (historyLength: number, historyGrown: number | null, transactions: object[] = []) =>
  judge(mysqlLocks, {
    steps: {
      locks: LOCKS,
      open: { transactions, prepared: 0, historyLength },
      counters: {
        ...{ seconds: 1, grown: {}, deadlocks: 0, deadlocksTotal: 0, uptimeSeconds: 90, running: 1 },
        ...{ longQuerySeconds: 10, historyGrown },
      },
    },
  }).findings;

it("a list that falls fast is a note with the time it takes; one that falls slowly, stands or grows is none", () => {
  const [falls] = found(1_000_000, -50_000);
  expect(falls).toMatchObject({ id: "history-long", severity: "info", remedies: [] });
  expect(falls?.because).toContain("falls by 50000 a second");
  expect(falls?.because).toContain("20 s");
  for (const grown of [-1_000, 0, 900, null])
    expect(found(1_000_000, grown)).toMatchObject([{ severity: "warning", remedies: ["speedPurge"] }]);
  expect(found(900_000, 5_000)).toEqual([]);
});

it("the session that sleeps in the oldest transaction is the cause, and said before the list; a younger one is not", () => {
  const sleeps = session();
  expect(found(2_000_000, 10, [sleeps]).map(({ id, remedies }) => [id, remedies])).toEqual([
    ["idle-in-transaction", ["endOpen", "commit"]],
    ["history-long", ["endOpen", "commit"]],
  ]);
  const works = session({ id: 5, command: "Query", statement: "SELECT ?" });
  const [, list] = found(2_000_000, 10, [works, sleeps]);
  expect(list).toMatchObject({ id: "history-long", remedies: ["commit"] });
  expect(list?.because).toContain("Old rows are kept for session 5");
});
