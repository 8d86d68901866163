import { expect, it } from "vitest";
import { keptName } from "../../../../src/connectors/redis/put-away.ts";

it.each(["{shop}:page", "page:{shop}:1", "{{shop}"])("%s keeps its slot by its own braces", (key) => {
  expect(keptName(key)).toMatch(/^diagbot:kept:[0-9a-f]{8}:/);
  expect(keptName(key).slice("diagbot:kept:00000000:".length)).toBe(key);
});

it.each(["page", "{}page", "{page", "{".repeat(50_000)])("%# is put into some whole", (key) => {
  expect(keptName(key).slice("diagbot:kept:00000000:".length)).toBe(`{${key}}`);
});
