import { expect, test } from "vitest";
import { together } from "../../../src/lib/together.ts";

interface Item {
  readonly name: string;
  readonly keys?: readonly string[];
  readonly weight?: number;
}

/** What was taken together, each batch to be ended by hand. */
function bench(limits: { atOnce?: number; most?: number } = {}) {
  const batches: { readonly names: string; end(): void; fail(error: Error): void }[] = [];
  const take = together<Item, string>(
    {
      atOnce: limits.atOnce ?? 1,
      most: limits.most ?? 10,
      weight: ({ weight = 1 }) => weight,
      keys: ({ keys = [] }) => keys,
    },
    (items) =>
      new Promise((resolve, reject) => {
        batches.push({
          names: items.map(({ name }) => name).join(" "),
          end: () => resolve(items.map(async ({ name }) => `${name}!`)),
          fail: reject,
        });
      }),
  );
  return { batches, take, names: () => batches.map(({ names }) => names) };
}

/** Promises that are settled have been heard of. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("the first one does not wait, what comes meanwhile goes together", async () => {
  const { batches, take, names } = bench();
  const results = ["a", "b", "c"].map((name) => take({ name }));
  expect(names()).toEqual(["a"]);
  batches[0]?.end();
  expect(await results[0]).toBe("a!");
  await settled();
  expect(names()).toEqual(["a", "b c"]);
  batches[1]?.end();
  expect(await Promise.all(results)).toEqual(["a!", "b!", "c!"]);
});

test("a batch is no heavier than allowed, but for one that is too heavy by itself", async () => {
  const { batches, take, names } = bench({ most: 3 });
  for (const [name, weight] of [
    ["first", 1],
    ["a", 2],
    ["b", 1],
    ["heavy", 9],
    ["c", 1],
  ] as const)
    void take({ name, weight });
  for (let n = 0; n < 4; n++) {
    batches[n]?.end();
    await settled();
  }
  expect(names()).toEqual(["first", "a b", "heavy", "c"]);
});

test("what shares a key is never at work at once, keeps its order, and holds up nobody else", async () => {
  const { batches, take, names } = bench({ atOnce: 2 });
  void take({ name: "a1", keys: ["a"] });
  void take({ name: "a2", keys: ["a", "b"] });
  void take({ name: "b1", keys: ["b"] });
  void take({ name: "c1", keys: ["c"] });
  expect(names(), "b1 came after a2").toEqual(["a1", "c1"]);
  batches[0]?.end();
  await settled();
  expect(names()).toEqual(["a1", "c1", "a2"]);
  batches[2]?.end();
  await settled();
  expect(names()).toEqual(["a1", "c1", "a2", "b1"]);
});

test("a batch that fails fails each of its own, and the next one begins", async () => {
  const { batches, take, names } = bench();
  const first = take({ name: "first" });
  const pair = [take({ name: "a", keys: ["x"] }), take({ name: "b" })];
  const last = take({ name: "last", keys: ["x"] });
  batches[0]?.end();
  await first;
  await settled();
  batches[1]?.fail(new Error("no"));
  for (const one of pair) await expect(one).rejects.toThrow("no");
  await settled();
  expect(names()).toEqual(["first", "a b", "last"]);
  batches[2]?.end();
  expect(await last).toBe("last!");
});

test("what concerns everybody fails those that wait, and whoever comes later is tried anew", async () => {
  let isAway = true;
  const take = together<Item, string>(
    {
      atOnce: 1,
      most: 1,
      weight: () => 1,
      keys: () => [],
      isForAll: (error) => String(error).includes("away"),
    },
    async (items) => {
      await settled();
      if (isAway) throw new Error("away");
      return items.map(({ name }) => Promise.resolve(`${name}!`));
    },
  );
  const all = ["a", "b", "c"].map((name) => take({ name }));
  expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual([
    "rejected",
    "rejected",
    "rejected",
  ]);
  isAway = false;
  expect(await take({ name: "d" })).toBe("d!");
});

test("the room of a batch is free while one of its items goes on by itself", async () => {
  let finish = (): void => {};
  const slow = new Promise<string>((resolve) => {
    finish = () => resolve("slow!");
  });
  const take = together<Item, string>(
    { atOnce: 1, most: 10, weight: () => 1, keys: ({ keys = [] }) => keys },
    async (items) => items.map(({ name }) => (name === "slow" ? slow : Promise.resolve(`${name}!`))),
  );
  const first = take({ name: "slow", keys: ["s"] });
  expect(await take({ name: "next" })).toBe("next!");
  const same = take({ name: "same", keys: ["s"] });
  expect(await take({ name: "other" })).toBe("other!");
  finish();
  expect(await Promise.all([first, same])).toEqual(["slow!", "same!"]);
});
