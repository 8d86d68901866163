import { expect, test } from "vitest";
import type { StepResult } from "../../../src/core/ports/run-store.ts";
import { ThreadId } from "../../../src/core/words/ids.ts";
import { createSharedReads } from "../../../src/engine/shared-reads.ts";

const asked = { system: "shop", on: "db", action: "postgres.usage", input: { top: 5 } };

function bench() {
  let clock = 0;
  let made = 0;
  const shared = createSharedReads(() => clock);
  const make = async (): Promise<StepResult> => ({
    outcome: "succeeded",
    output: ++made,
    startedAt: new Date(0),
  });
  /** Runs of one moment, unless said otherwise: asked for at second 0, begun in the order of their numbers. */
  const read = async (run: number, more: Partial<typeof asked> = {}, createdAt = new Date(0)) =>
    (
      await shared.read(
        { thread: ThreadId.parse(run), createdAt, startedAt: new Date(run * 1000) },
        { ...asked, ...more },
        make,
      )
    ).output;
  return { shared, read, pass: (ms: number) => (clock += ms), made: () => made };
}

test("the same read of many runs is made once, in flight and for a while after", async () => {
  const { read, pass, made } = bench();
  const answers = await Promise.all([1, 2, 3].map((run) => read(run)));
  pass(2_000);
  expect(answers).toEqual([1, 1, 1]);
  expect([await read(4), made()]).toEqual([1, 1]);
  pass(2_000);
  expect(await read(5)).toBe(2);
});

test("another system, connection, action or input is another read", async () => {
  const { read } = bench();
  const answers = [
    await read(1),
    await read(2, { system: "crm" }),
    await read(3, { on: "replica" }),
    await read(4, { action: "postgres.locks" }),
    await read(5, { input: { top: 6 } }),
  ];
  expect(answers).toEqual([1, 2, 3, 4, 5]);
});

test("a thread that asks again gets a new answer, also where the first was another's", async () => {
  const { read } = bench();
  expect([await read(1), await read(1), await read(2), await read(2)]).toEqual([1, 2, 2, 3]);
});

test("a run that was asked for after a read began looks itself", async () => {
  const { read } = bench();
  await read(1);
  expect(await read(2, {}, new Date(1500))).toBe(2);
  expect(await read(3, {}, new Date(1500))).toBe(2);
});

test("after a write nothing that is known serves", async () => {
  const { shared, read } = bench();
  await read(1);
  shared.forget("crm");
  expect(await read(2)).toBe(1);
  shared.forget("shop");
  expect(await read(3)).toBe(2);
});

test("one whose worker stops takes nobody with it", async () => {
  const { shared, read } = bench();
  const stopped = shared.read(
    { thread: ThreadId.parse(1), createdAt: new Date(0), startedAt: new Date(1000) },
    asked,
    () => Promise.reject(new Error("the worker stopped")),
  );
  const other = read(2);
  await expect(stopped).rejects.toThrow("the worker stopped");
  expect(await other).toBe(1);
});
