import { describe, expect, it } from "vitest";
import {
  countBehind,
  queueIn,
  rootsOf,
  type Waiting,
} from "../../../../src/connectors/postgres/lock-tree.ts";
import { fc } from "../../../helpers/property.ts";

const waits = (pid: number, blockedBy: number[], tag = `of ${blockedBy[0]}`): Waiting => ({
  pid,
  blockedBy,
  tag,
});

describe("the head of a queue", () => {
  it("is whoever waits for nobody, however many wait for one in between", () => {
    const many = Array.from({ length: 55 }, (_, i) => waits(100 + i, [2]));
    const all = [...many, waits(2, [1])];
    expect(rootsOf(all)).toEqual([1]);
    expect(countBehind(1, all)).toBe(56);
    expect(countBehind(2, all)).toBe(55);
  });

  it("is nobody where they wait in a circle", () =>
    expect(rootsOf([waits(1, [2]), waits(2, [1])])).toEqual([]));

  it("never waits itself, and all wait behind the heads", () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc.record({
            pid: fc.integer({ min: 1, max: 12 }),
            blockedBy: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 3 }),
            tag: fc.constantFrom("", "a", "b"),
          }),
          { selector: ({ pid }) => pid },
        ),
        (waiting) => {
          const pids = new Set(waiting.map(({ pid }) => pid));
          for (const root of rootsOf(waiting)) {
            expect(pids.has(root)).toBe(false);
            expect(countBehind(root, waiting)).toBeGreaterThan(0);
          }
          for (const pid of queueIn(waiting)?.makers ?? []) expect(pids.has(pid)).toBe(true);
        },
      ),
    ));
});

describe("a queue behind a statement that waits", () => {
  const alter = waits(2, [1], "relation/t");
  const readers = [3, 4, 5].map((pid) => waits(pid, [2], "relation/t"));

  it("is of those who would get along with the one that is waited for", () =>
    expect(queueIn([alter, ...readers])).toEqual({ makers: [2], queued: [3, 4, 5] }));

  it("has two makers where two such statements wait", () => {
    const second = waits(6, [1, 2], "relation/t");
    const behind = waits(7, [2, 6], "relation/t");
    expect(queueIn([alter, second, ...readers, behind])?.makers).toEqual([2, 6]);
  });

  it("is none where all wait for what is held", () => {
    expect(queueIn([alter, waits(3, [1, 2], "relation/t")])).toBeUndefined();
    expect(queueIn([waits(2, [1], "transactionid/9"), waits(3, [2], "tuple/7")])).toBeUndefined();
    expect(queueIn([])).toBeUndefined();
  });
});
