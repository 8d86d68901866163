import { describe, expect, test } from "vitest";
import { emptyIn, perSecond } from "../../../runbooks/backlog/words.ts";
import { backlogOf, type Queue } from "../../../runbooks/rabbitmq/backlogs.ts";

const queue = (more: Partial<Queue>): Queue => ({
  ...{ vhost: "/", name: "orders", type: "classic", state: "running" },
  ...{
    ready: 500,
    unacked: 0,
    consumers: 2,
    published: 60,
    delivered: 60,
    done: 60,
    redelivered: 0,
    grown: 0,
  },
  ...{ delays: false, takesDead: false },
  ...more,
});
const of = (more: Partial<Queue>) => backlogOf(queue(more), 100, 6);
const NONE = { consumers: 0, delivered: 0, done: 0 };

describe("why messages wait", () => {
  test("each cause beside its healthy twin", () => {
    expect(of(NONE)).toBe("no-consumer");
    expect(of({ ...NONE, ready: 99 })).toBeUndefined();
    expect(of({ ...NONE, ready: 0, published: 0 })).toBeUndefined();
    expect(of({ ...NONE, published: 0 })).toBe("nobody-now");
    expect(of({ ...NONE, delays: true })).toBeUndefined();
    expect(of({ ...NONE, takesDead: true })).toBeUndefined();
    expect(of({ ...NONE, type: "stream" }), "what is read from a stream stays in it").toBeUndefined();
    expect(of({ delivered: 4, done: 0, unacked: 8 })).toBe("unacknowledged");
    expect(of({ delivered: 0, done: 0 })).toBe("idle-consumers");
    expect(of({ grown: 30 })).toBe("growing");
    expect(of({ grown: -30 })).toBe("draining");
    expect(of({ grown: 0 })).toBe("draining");
  });

  test("held by consumers and not waiting: none finished, more and more, or being worked off", () => {
    expect(of({ ready: 0, unacked: 5_000, delivered: 0, done: 0 })).toBe("unacknowledged");
    expect(of({ ready: 0, unacked: 5_000, done: 60, grownHeld: 300 })).toBe("growing");
    expect(of({ ready: 0, unacked: 5_000, done: 60, grownHeld: -60 })).toBeUndefined();
    expect(of({ ready: 0, unacked: 50_000, done: 12 }), "7 h of work given out at once").toBe("hoarded");
    expect(of({ ready: 0, unacked: 30, done: 1_200 }), "a prefetch of ten each").toBeUndefined();
    expect(of({ ready: 0, unacked: 99, delivered: 0, done: 0 }), "a prefetch").toBeUndefined();
    expect(of({ ready: 0, unacked: 5_000, done: null })).toBe("unknown");
    // What leaves the ready ones only changes hands.
    expect(of({ grown: -300, grownHeld: 360 })).toBe("growing");
  });

  test("a delay with a consumer is a queue like others", () => {
    expect(of({ delays: true, grown: 30 })).toBe("growing");
  });

  test("poisoned: given back again and again with nothing done, however short the queue", () => {
    const again = { delivered: 40, redelivered: 40, done: 0 };
    expect(of({ ...again, ready: 1 })).toBe("poisoned");
    expect(of({ ...again, ready: 0, unacked: 0 }), "it is gone").toBeUndefined();
    // One consumer ended and gave its prefetch back; the others go on.
    expect(of({ delivered: 60, redelivered: 4, done: 0, unacked: 8 })).toBe("unacknowledged");
    expect(of({ delivered: 60, redelivered: 20, done: 40 })).toBe("draining");
    expect(of({ delivered: 60, redelivered: 10, done: 0, unacked: 60 })).toBe("unacknowledged");
  });

  test("what was not measured is not 0", () => {
    expect(of({ done: null })).toBe("unknown");
    expect(of({ ...NONE, published: null })).toBe("unknown");
    expect(perSecond(null, 6)).toBe("unknown");
    expect(perSecond(75, 6)).toBe("12.5/s");
  });

  test("when it is empty is said only of one that shrinks", () => {
    expect(emptyIn({ waiting: 500, grown: -50 }, 5)).toBe(50);
    expect(emptyIn({ waiting: 500, grown: 5 }, 5)).toBeUndefined();
  });
});
