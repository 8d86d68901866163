import { describe, expect, it, test } from "vitest";
import { processKeys, smallStrings } from "../../../runbooks/redis/key-shapes.ts";
import { type Looked, summary } from "../../../src/connectors/redis/sample.ts";

const looked = (key: string, more: Partial<Looked> = {}): Looked => ({
  ...{ key, type: "string", bytes: 100, ttlSeconds: 600, after: 0 },
  ...more,
});
const sampleOf = (all: readonly Looked[], keys = all.length) => ({
  ...{ keys, looked: all.length, notSeen: [] },
  ...summary(all, { keys, databases: 1 }),
});
/** As hash() of a text: 64 bits, either sign. */
const hashed = (at: number) =>
  `agent:query:${at % 2 === 0 ? "-" : ""}${1_000_000_000_000_000_000n + BigInt(at)}`;
const many = (n: number, make: (at: number) => Looked) => Array.from({ length: n }, (_one, at) => make(at));

describe("keys of a process", () => {
  test("trap py-hash: numbers of 64 bits, half of them negative, are said to be hash() and explain the misses", () => {
    const found = processKeys(sampleOf(many(60, (at) => looked(hashed(at)))));
    expect(found).toMatchObject({ id: "process-keys", explains: ["low-hit-rate"], remedies: ["stableKeys"] });
    expect(found?.because).toContain(
      "60 of 60 looked at end in a number of 64 bits with a sign, 30 of them negative",
    );
  });

  it("ids, times and digests are none: they are never negative, or no numbers", () => {
    const ids = many(60, (at) => looked(`tweet:${1_500_000_000_000_000_000n + BigInt(at)}`));
    const times = many(60, (at) => looked(`event:${1_700_000_000_000_000n + BigInt(at)}`));
    const digests = many(60, (at) => looked(`query:${"ab12".repeat(15)}${at}`));
    for (const all of [ids, times, digests]) expect(processKeys(sampleOf(all))).toBeUndefined();
    // Too few to tell.
    expect(processKeys(sampleOf(many(10, (at) => looked(hashed(at)))))).toBeUndefined();
  });
});

describe("many small strings", () => {
  const small = (at: number) => looked(`user:name:${at}`, { bytes: 88, encoding: "embstr" });
  it("are said with what they cost and how they are kept", () => {
    const found = smallStrings(sampleOf(many(2_000, small), 1_000_000));
    expect(found).toMatchObject({ id: "small-strings", severity: "info", remedies: ["useHashes"] });
    expect(found?.title).toBe("About 1000000 small strings of user:name:*, 88 B each");
    expect(JSON.stringify(found?.evidence)).toContain("embstr 2000");
  });

  it("few of them, large ones, hashes, and a small part of the whole are none", () => {
    const hash = (at: number) => looked(`user:${at}`, { type: "hash", bytes: 120, encoding: "listpack" });
    const large = (at: number) => looked(`page:body:${at}`, { bytes: 9_000 });
    expect(smallStrings(sampleOf(many(2_000, small)))).toBeUndefined();
    expect(smallStrings(sampleOf(many(2_000, hash), 1_000_000))).toBeUndefined();
    expect(smallStrings(sampleOf(many(2_000, large), 1_000_000))).toBeUndefined();
    const mostlyLarge = [...many(500, small), ...many(1_500, large)];
    expect(smallStrings(sampleOf(mostlyLarge, 1_000_000))).toBeUndefined();
  });
});
