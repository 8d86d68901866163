import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { tellQueue } from "../../../src/app/tell-queue.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const rig = (fails = false) => {
  const told: string[] = [];
  const outcomes: string[] = [];
  const warned: unknown[] = [];
  const { tell, end } = tellQueue(
    {
      dispatch: async (kind, id) => {
        told.push(`${kind}/${id}`);
        if (fails) throw new Error("away");
      },
    },
    { queueDispatched: (kind, outcome) => void outcomes.push(`${kind} ${outcome}`) },
    { warn: (...words: unknown[]) => void warned.push(words) },
  );
  return { tell, end, told, outcomes, warned };
};

test("every run is told of, threads of a moment by one job and another when it is over", () => {
  const { tell, told } = rig();
  for (let id = 1; id <= 100; id++) tell("thread", id);
  tell("run", 1);
  tell("run", 2);
  expect(told).toEqual(["thread/1", "run/1", "run/2"]);
  vi.advanceTimersByTime(50);
  expect(told).toEqual(["thread/1", "run/1", "run/2", "thread/2"]);
  vi.advanceTimersByTime(1_000);
  tell("thread", 7);
  expect(told).toHaveLength(5);
});

test("a queue that is away is noted, and nothing is thrown", async () => {
  const { tell, outcomes, warned } = rig(true);
  tell("run", 1);
  tell("thread", 1);
  await vi.advanceTimersByTimeAsync(50);
  expect(outcomes).toEqual(["run unavailable", "thread unavailable"]);
  expect(warned).toHaveLength(2);
});

test("what waits for its moment when the process ends is told before the queue is closed, and nothing after it", () => {
  const { tell, end, told } = rig();
  tell("thread", 1);
  tell("thread", 2);
  end();
  expect(told).toEqual(["thread/1", "thread/2"]);
  vi.advanceTimersByTime(1_000);
  expect(told).toHaveLength(2);
  expect(vi.getTimerCount()).toBe(0);
});
