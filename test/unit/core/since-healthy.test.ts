import { describe, expect, it } from "vitest";
import { sinceHealthy } from "../../../src/core/rules/since-healthy.ts";
import type { Json } from "../../../src/core/words/json.ts";

const AT = new Date("2026-11-22T03:00:00Z");
const step = (output: unknown, more: { name?: string; state?: string; input?: Json } = {}) => ({
  ...{ name: "state", phase: "diagnose", state: "succeeded", input: {}, output },
  ...more,
});
const differs = (then: unknown, now: unknown, more = {}) => {
  const seen = sinceHealthy({ run: 41, at: AT, steps: { state: { input: {}, value: then } } }, [
    step(now, more),
  ]);
  return seen?.kind === "table" ? seen.rows : undefined;
};

describe("what differs since nothing was wrong", () => {
  it("is words and switches that changed, by what they are called, with when that was", () => {
    const then = { maxmemoryPolicy: "allkeys-lru", cluster: { enabled: false }, role: "master" };
    const now = { maxmemoryPolicy: "noeviction", cluster: { enabled: true }, role: "master" };
    expect(differs(then, now)).toEqual([
      ["maxmemory policy", "allkeys-lru", "noeviction"],
      ["cluster enabled", "no", "yes"],
    ]);
    expect(
      sinceHealthy({ run: 41, at: AT, steps: { state: { input: {}, value: then } } }, [step(now)]),
    ).toMatchObject({
      title: "Since the last healthy run (#41, 2026-11-22 03:00 UTC)",
    });
  });

  it("is of an entry of a list only where each has a name of its own", () => {
    const entry = (name: string, state: string) => ({ name, state });
    expect(
      differs([entry("a", "running"), entry("b", "running")], [entry("b", "exited"), entry("a", "running")]),
    ).toEqual([["b state", "running", "exited"]]);
    expect(differs([entry("a", "x"), entry("a", "y")], [entry("a", "y"), entry("a", "x")])).toBeUndefined();
    expect(differs(["x"], ["y"])).toBeUndefined();
  });

  it("is no number, time, identity or word of others, nothing that was not there, and nothing that is the same", () => {
    const then = {
      used: 1,
      startedAt: "a",
      pid: "1",
      version: "15.2",
      when: "2026-01-01T00:00:00Z",
      text: "a",
      long: "x".repeat(99),
    };
    const now = {
      used: 9,
      startedAt: "b",
      pid: "2",
      version: "15.2",
      when: "2026-02-01T00:00:00Z",
      text: "b",
      long: "y".repeat(99),
      added: "z",
    };
    expect(differs(then, now)).toBeUndefined();
  });

  it("is asked of nothing that was asked otherwise, or gave no answer", () => {
    expect(differs({ role: "master" }, { role: "replica" }, { input: { deep: true } })).toBeUndefined();
    expect(differs({ role: "master" }, { role: "replica" }, { state: "errored" })).toBeUndefined();
    expect(differs({ role: "master" }, { role: "replica" }, { name: "other" })).toBeUndefined();
  });

  it("is said six lines long at most, and how many there are besides", () => {
    const of = (word: string) => Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`key${n}`, word]));
    const seen = sinceHealthy({ run: 1, at: AT, steps: { state: { input: {}, value: of("a") } } }, [
      step(of("b")),
    ]);
    expect(seen).toMatchObject({ rows: { length: 6 }, title: expect.stringMatching(/; 3 more$/) });
  });
});
