import { describe, expect, it } from "vitest";
import { BUDGETS } from "../../../src/thread/send/budgets.ts";
import { Gate, type Rank } from "../../../src/thread/send/gate.ts";
import { fc } from "../../helpers/property.ts";

const withClock = () => {
  let now = 1_000_000;
  return { gate: new Gate(BUDGETS, () => now), pass: (ms: number) => (now += ms), now: () => now };
};

interface Sent {
  readonly at: number;
  readonly rank: Rank;
  readonly thread: number;
}

const expectPause = (sent: readonly Sent[], thread: number, now: number) => {
  const before = sent.findLast((other) => other.thread === thread)?.at ?? Number.NEGATIVE_INFINITY;
  expect(now - before).toBeGreaterThanOrEqual(BUDGETS.progressIntervalMs);
};

const expectMinutes = (sent: readonly Sent[]) => {
  for (const [i, { at, rank }] of sent.entries()) {
    const minute = sent.slice(0, i + 1).filter((other) => other.at > at - 60_000);
    expect(minute.length).toBeLessThanOrEqual(rank === "urgent" ? 45 : 35);
  }
};

describe("the budgets", () => {
  it("hold in every minute, whatever comes", () => {
    const wish = fc.record({
      thread: fc.nat(40),
      rank: fc.constantFrom<Rank>("urgent", "normal", "live"),
      pause: fc.nat(3_000),
      active: fc.nat(40),
    });
    fc.assert(
      fc.property(fc.array(wish, { minLength: 100, maxLength: 400 }), (wishes) => {
        const { gate, pass, now } = withClock();
        const sent: Sent[] = [];
        for (const { thread, rank, pause, active } of wishes) {
          pass(pause);
          if (gate.untilUpdate(thread, "C1", rank, active) > 0) continue;
          if (rank === "live") expectPause(sent, thread, now());
          gate.updating(thread);
          sent.push({ at: now(), rank, thread });
        }
        expectMinutes(sent);
      }),
      { numRuns: 100 },
    );
  });

  it("say exactly when it may go on", () => {
    const { gate, pass } = withClock();
    gate.posting("C1", "all");
    const ms = gate.untilPost("C1", "chat.postMessage");
    pass(ms - 1);
    expect(gate.untilPost("C1", "chat.postMessage")).toBe(1);
    pass(1);
    expect(gate.untilPost("C1", "chat.postMessage")).toBe(0);
    expect(gate.untilPost("C2", "chat.postMessage")).toBe(0);
  });

  it("block one method and not the others", () => {
    const { gate } = withClock();
    gate.block("chat.postMessage", 5_000);
    expect(gate.untilPost("C1", "chat.postMessage")).toBe(5_000);
    expect(gate.untilPost("C1", "files.uploadV2")).toBe(0);
    expect(gate.untilUpdate(1, "C1", "urgent", 0)).toBe(0);
  });

  it("slow progress down as more threads show it", () => {
    const { gate } = withClock();
    gate.updating(1);
    expect(gate.untilUpdate(1, "C1", "live", 1)).toBe(3_000);
    expect(gate.untilUpdate(1, "C1", "live", 35)).toBe(60_000);
    expect(gate.untilUpdate(1, "C1", "urgent", 35)).toBe(0);
  });

  it("back off when Slack is away and come back at the first answer", () => {
    const { gate, pass } = withClock();
    for (let i = 0; i < 20; i++) gate.failed();
    expect(gate.untilRead("auth.test")).toBe(30_000);
    pass(30_000);
    gate.answered();
    gate.failed();
    expect(gate.untilRead("auth.test")).toBe(0);
  });
});
