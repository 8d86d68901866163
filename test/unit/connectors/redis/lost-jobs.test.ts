import { expect, test } from "vitest";
import { lostOf } from "../../../../src/connectors/redis/queues/bullmq-jobs.ts";
import { between, blank, type Look } from "../../../../src/connectors/redis/queues/queue.ts";

const look = (begunMs: number, isLocked: boolean): Look => ({
  queue: blank({ library: "BullMQ", database: 0, prefix: "bull", name: "parse" }),
  counted: { added: 0, done: 0, failing: 0 },
  lost: lostOf([{ id: "7", state: "active", begunMs, isLocked }]),
  next: null,
});

test("a job that its worker lost stands in both looks as it was begun", () => {
  expect(between(look(1_000, false), look(1_000, false)).stalled).toBe(1);
});

test("a job begun again and again, met between two holders each time, is held", () => {
  expect(between(look(1_000, false), look(4_000, false)).stalled).toBe(0);
});

test("a job that is held at the second look is held", () => {
  expect(between(look(1_000, false), look(1_000, true)).stalled).toBe(0);
});
