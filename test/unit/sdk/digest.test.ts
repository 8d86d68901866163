import { expect, test } from "vitest";
import { runbooks } from "../../../runbooks/index.ts";
import { http, orThreshold, runbookOn, z } from "../../../src/sdk/index.ts";

const parts = {
  id: "a",
  title: "A",
  field: z.int().default(1) as z.ZodType,
  steps: () => ({ one: http.health({}) }),
  later: () => ({ two: http.health({}) }),
  rule: () => false as const,
  needs: "one" as "one" | "one?",
  advice: "turn it off" as string | (() => string),
  remedy: "off",
  risk: "low" as "low" | "high",
};

const digest = (change: Partial<typeof parts> = {}): string => {
  const { id, title, field, steps, later, rule, needs, advice, remedy, risk } = { ...parts, ...change };
  const book = runbookOn("http", { id, title, params: z.object({ field }) }, steps).andThen([], later);
  return book
    .remedies({ [remedy]: book.advises("Do it", risk, advice) })
    .findings((find) => [find([needs], rule)]).digest;
};

test("the same text has the same digest, made again", () => {
  expect(digest()).toBe(digest());
  expect(digest()).toMatch(/^[0-9a-f]{64}$/);
});

test.each<[string, Partial<typeof parts>]>([
  ["id", { id: "b" }],
  ["title", { title: "B" }],
  ["a parameter's bounds", { field: z.int().min(2).default(1) }],
  ["a parameter's default", { field: z.int().default(2) }],
  ["a parameter's threshold", { field: orThreshold("connections", "x") }],
  ["steps", { steps: () => ({ one: http.health({ path: "/other" }) }) }],
  ["a later stage", { later: () => ({ two: http.health({ path: "/other" }) }) }],
  ["a rule", { rule: () => (1 > 2) as false }],
  ["what a rule needs", { needs: "one?" }],
  ["advice", { advice: "turn it on" }],
  ["advice that is worked out", { advice: () => "turn it off" }],
  ["a remedy's name", { remedy: "on" }],
  ["a risk", { risk: "high" }],
])("another %s is another digest", (_what, change) => {
  expect(digest(change)).not.toBe(digest());
});

test("no two of ours have the same", () => {
  expect(new Set(runbooks.map((one) => one.digest)).size).toBe(runbooks.length);
});
