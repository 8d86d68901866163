import { describe, expect, it } from "vitest";
import { ThreadId } from "../../../src/core/words/ids.ts";
import {
  classOf,
  compareTurns,
  firstOfEach,
  type NextStep,
  type Served,
  type Standing,
} from "../../../src/thread/send/order.ts";
import { fc } from "../../helpers/property.ts";

const NOW = new Date("2026-11-22T03:10:00Z");
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000);

const turns = (served?: Served) => ({ now: NOW, lastServed: () => served });

let last = 0;
const thread = (more: Partial<Standing> = {}): Standing => ({
  thread: ThreadId.parse(++last),
  channel: "C0",
  asked: false,
  critical: false,
  open: true,
  since: ago(1),
  step: "root",
  ...more,
});
const order = (named: Readonly<Record<string, Standing>>, served?: Served) =>
  Object.entries(named)
    .sort(([, a], [, b]) => compareTurns(a, b, turns(served)))
    .map(([name]) => name);

describe("whose turn it is", () => {
  it("answers to people, then critical alerts, then what is open, then what is over", () => {
    const over = thread({ open: false });
    const warning = thread();
    const critical = thread({ critical: true });
    const answer = thread({ asked: true });
    expect(order({ over, warning, critical, answer })).toEqual(["answer", "critical", "warning", "over"]);
    // They take turns.
    expect(order({ over, warning, critical, answer }, "all")[0]).toBe("answer");
    expect(order({ over, warning, critical, answer }, "person")).toEqual([
      "critical",
      "answer",
      "warning",
      "over",
    ]);
  });

  it("a live alert before 300 ended runs that waited for hours, a fresh one before old ones that still fire", () => {
    const ended = thread({ open: false, since: ago(7_200) });
    const endedCritical = thread({ open: false, critical: true, since: ago(7_200) });
    const oldAlert = thread({ since: ago(3_600) });
    const older = thread({ since: ago(7_200) });
    const live = thread();
    expect(order({ ended, endedCritical, older, oldAlert, live }).slice(0, 3)).toEqual([
      "live",
      "oldAlert",
      "older",
    ]);
  });

  it("an answer nobody waits for any more is no answer", () => {
    expect(classOf(thread({ asked: true, open: false, since: ago(2) }), turns())).toBe(0);
    expect(classOf(thread({ asked: true, open: false, since: ago(3_600) }), turns())).toBe(3);
    // It waits for an approval: somebody does wait.
    expect(classOf(thread({ asked: true, open: true, since: ago(3_600) }), turns())).toBe(0);
  });

  it("all alerts are named before the details of the first, cards before other details", () => {
    const details = thread({ step: "more", since: ago(90) });
    const card = thread({ step: "decision", since: ago(80) });
    const first = thread({ since: ago(70) });
    const second = thread({ since: ago(60) });
    expect(order({ details, card, second, first })).toEqual(["first", "second", "card", "details"]);
  });

  it("is one order: whoever asks, in whatever sequence, it comes out the same", () => {
    const standing = fc.record({
      thread: fc.nat(10_000).map((id) => ThreadId.parse(id + 1)),
      channel: fc.constantFrom("C0", "C1", "C2"),
      asked: fc.boolean(),
      critical: fc.boolean(),
      open: fc.boolean(),
      since: fc.nat(1_200).map(ago),
      step: fc.constantFrom<NextStep>("root", "decision", "more"),
    });
    const served: Readonly<Record<string, Served>> = { C0: "person", C1: "all" };
    const whose = { now: NOW, lastServed: (channel: string) => served[channel] };
    const by = (a: Standing, b: Standing) => compareTurns(a, b, whose);
    fc.assert(
      fc.property(standing, standing, standing, (a, b, c) => {
        expect(Math.sign(by(a, b))).toBe(-Math.sign(by(b, a)) + 0);
        if (by(a, b) <= 0 && by(b, c) <= 0) expect(by(a, c)).toBeLessThanOrEqual(0);
        if (classOf(a, whose) < classOf(b, whose)) expect(by(a, b)).toBeLessThan(0);
      }),
      { numRuns: 2_000 },
    );
  });
});

it("a channel with thousands of threads leaves room for the others, and the order stays", () => {
  const rows = [
    ...Array.from({ length: 3_000 }, (_, n) => ({ channel: "C0ASKED", n })),
    { channel: "C0STORM", n: 3_000 },
    { channel: "C0STORM", n: 3_001 },
  ];
  const taken = firstOfEach(rows, { most: 1_000, mostOfChannel: 300 });
  expect(taken).toHaveLength(302);
  expect(taken.slice(299).map(({ n }) => n)).toEqual([299, 3_000, 3_001]);
  expect(firstOfEach(rows, { most: 10, mostOfChannel: 300 })).toHaveLength(10);
});
