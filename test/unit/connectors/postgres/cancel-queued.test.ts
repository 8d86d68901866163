import { expect, it } from "vitest";
import { cancelQueued } from "../../../../src/connectors/postgres/queue.ts";

const at = "2026-11-29T20:00:00.000000Z";
const input = { statements: [{ pid: 7, startedAt: at, queryStartedAt: at }] };
const waiter = (pid: number, queryStartedAt = at) => ({ pid, queryStartedAt });
const gone = (blocked: object[], makers: object[]) =>
  cancelQueued.action.settled?.holds({ locks: { blocked, queue: { makers } } }, input, {
    signalled: [],
    spared: 0,
  });

it("a cancelled statement is gone when it waits no more, whoever else does", () => {
  expect(gone([waiter(8)], [waiter(8)])).toBe(true);
  expect(gone([waiter(7, "2026-11-29T20:01:00.000000Z")], [])).toBe(true);
});

it("one that still waits is not gone, also where another has the longer queue by now", () => {
  expect(gone([waiter(7), waiter(8)], [waiter(8)])).toBe(false);
  expect(gone([], [waiter(7)])).toBe(false);
});
