import { getEventListeners } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { inTime, underSignal, within } from "../../../src/lib/deadline.ts";

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

/** Takes away everything that nobody holds. */
function collect(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

test("work ends with any of its signals, for that one's reason, and after its time", async () => {
  const ends = (until: readonly AbortSignal[], ms?: number) =>
    underSignal(
      { until, ms },
      (signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(signal.reason))),
    );
  const [first, second] = [new AbortController(), new AbortController()];
  const stopped = ends([first.signal, second.signal], 600_000);
  second.abort("because");
  expect(await stopped).toBe("because");
  expect(await ends([first.signal], 1)).toMatchObject({ name: "TimeoutError" });
  expect(await ends([first.signal], -5)).toMatchObject({ name: "TimeoutError" });
  const before = await underSignal({ until: [second.signal], ms: Number.MAX_VALUE }, async (signal) => [
    signal.aborted,
    signal.reason,
  ]);
  expect(before).toEqual([true, "because"]);
});

test("a time limit that nobody holds ends the work all the same", async () => {
  const stop = new AbortController();
  let isOver = false;
  const over = underSignal(
    { until: [stop.signal], ms: 50 },
    (signal) =>
      new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => {
          isOver = true;
          resolve();
        });
      }),
  );
  collect();
  await over;
  expect(isOver).toBe(true);
});

test("nothing is left behind at a signal that lives long", async () => {
  const stop = new AbortController();
  await underSignal({ until: [stop.signal], ms: 600_000 }, async () => 1);
  await underSignal({ until: [stop.signal] }, () => Promise.reject(new Error("no"))).catch(() => {});
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
});

test("many that wait for one signal are no leak to Node", async () => {
  const warned: string[] = [];
  const listen = ({ name }: Error) => void warned.push(name);
  process.on("warning", listen);
  const stop = new AbortController();
  const waits = Array.from({ length: 30 }, () => [
    underSignal({ until: [stop.signal] }, (signal) => inTime(never, { signal })),
    inTime(never, { signal: stop.signal }),
  ]).flat();
  // Warnings come on the next turn.
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  await Promise.all(waits);
  process.off("warning", listen);
  expect(warned).toEqual([]);
});

test("nothing joins signals another way: see `underSignal`", () => {
  const root = new URL("../../../", import.meta.url);
  const files = ["src", "runbooks", "commands", "local"].flatMap((room) =>
    readdirSync(new URL(room, root), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => `${room}/${name}`),
  );
  const joins = files.filter((file) =>
    readFileSync(new URL(file, root), "utf8").includes("AbortSignal.any("),
  );
  expect(joins).toEqual([]);
});
