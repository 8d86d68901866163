import { expect, it } from "vitest";
import { mayRead } from "../../../src/core/rules/readers.ts";
import { PrincipalId } from "../../../src/core/words/ids.ts";

const people = [
  { id: PrincipalId.parse("alice"), roles: ["oncall"], slack: [] },
  { id: PrincipalId.parse("bob"), roles: ["dba"], slack: [] },
];
const as = (principal: string | undefined, via: "slack" | "cli" = "slack") => ({
  via,
  ...(principal === undefined ? {} : { principal: PrincipalId.parse(principal) }),
});

it.each([
  // Default: people of diagbot.yaml, and whoever has a shell that reaches the database.
  [undefined, as("alice"), true],
  [undefined, as(undefined), false],
  [undefined, as(undefined, "cli"), true],
  [["oncall"], as("alice"), true],
  [["oncall"], as("bob"), false],
  [["bob"], as("bob"), true],
  [["bob"], as(undefined, "cli"), false],
  [["oncall"], as("bob", "cli"), false],
  [["everybody"], as(undefined), true],
  [[], as("alice"), false],
  // A name that has left diagbot.yaml is nobody.
  [["gone"], as("gone"), false],
])("readers %j, caller %j: %s", (readers, caller, may) => {
  expect(mayRead({ readers }, people, caller)).toBe(may);
});

it("a system that has left diagbot.yaml is for its people", () => {
  expect(mayRead(undefined, people, as("alice"))).toBe(true);
  expect(mayRead(undefined, people, as(undefined))).toBe(false);
});
