import { expect, test } from "vitest";
import { inTime, within } from "../../../src/lib/deadline.ts";

const never = new Promise<never>(() => {});
const late = () => new Error("late");

test("the value, the error or `late`", async () => {
  expect(await inTime(Promise.resolve(1), { ms: 60_000 })).toEqual({ state: "done", value: 1 });
  const error = new Error("no");
  expect(await inTime(Promise.reject(error), { ms: 60_000 })).toEqual({ state: "failed", error });
  expect(await inTime(never, { ms: 1 })).toEqual({ state: "late" });
  await expect(within(never, { ms: 1, late })).rejects.toThrow("late");
  await expect(within(Promise.reject(error), { late })).rejects.toBe(error);
});

test("a signal ends the wait at once, before and during it", async () => {
  const stop = new AbortController();
  const waiting = within(never, { ms: 600_000, signal: stop.signal, late });
  stop.abort();
  await expect(waiting).rejects.toThrow("late");
  await expect(within(never, { signal: stop.signal, late })).rejects.toThrow("late");
});

test("an error that comes later disturbs nobody", async () => {
  let fail = (_error: Error): void => {};
  const work = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  expect(await inTime(work, { ms: 1 })).toEqual({ state: "late" });
  fail(new Error("much later"));
  await new Promise((resolve) => setImmediate(resolve));
});

test("what has arrived while this process was blocked counts", async () => {
  let answer = (_value: number): void => {};
  const work = new Promise<number>((resolve) => {
    answer = resolve;
  });
  const waiting = inTime(work, { ms: 5 });
  // Both are due when the loop is free again, the timer first.
  setTimeout(() => answer(1), 6);
  const end = performance.now() + 30;
  while (performance.now() < end);
  expect(await waiting).toEqual({ state: "done", value: 1 });
});
