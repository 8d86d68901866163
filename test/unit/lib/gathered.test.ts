import { expect, test } from "vitest";
import { gathered } from "../../../src/lib/gathered.ts";

/** Calls of `write` that wait until they are let go. */
function writer() {
  const calls: { things: readonly number[]; done: () => void; fail: (why: Error) => void }[] = [];
  const write = (things: readonly number[]) =>
    new Promise<void>((done, fail) => {
      calls.push({ things, done, fail });
    });
  return { calls, write };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("what comes at once is written at once, what comes meanwhile with the next call, in order", async () => {
  const { calls, write } = writer();
  const add = gathered(write);
  const first = [add(1), add(2)];
  await turn();
  const second = [add(3), add(4)];
  await turn();
  expect(calls.map(({ things }) => things)).toEqual([[1, 2]]);
  calls[0]?.done();
  await Promise.all(first);
  await turn();
  expect(calls.map(({ things }) => things)).toEqual([
    [1, 2],
    [3, 4],
  ]);
  calls[1]?.done();
  await Promise.all(second);
});

test("a call that fails is told to its own things only", async () => {
  const { calls, write } = writer();
  const add = gathered(write);
  const lost = add(1);
  await turn();
  const kept = add(2);
  calls[0]?.fail(new Error("lost"));
  await expect(lost).rejects.toThrow("lost");
  await turn();
  calls[1]?.done();
  await kept;
});
