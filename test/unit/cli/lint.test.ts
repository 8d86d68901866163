import { describe, expect, it } from "vitest";
import { z } from "zod";
import { lintRunbooks } from "../../../src/cli/lint.ts";
import { bundledCatalogIds } from "../../../src/cli/lint-world.ts";
import type { Steps } from "../../../src/core/words/action.ts";
import { on } from "../../../src/core/words/action.ts";
import type { Runbook } from "../../../src/core/words/runbook.ts";
import { runbookOn } from "../../../src/sdk/runbook.ts";
import { poolRunbook, remedyOf, terminate, usage } from "./rig.ts";

const actions = [usage.action, terminate.action];
const lint = (...runbooks: Parameters<typeof lintRunbooks>[0]) =>
  lintRunbooks(runbooks, { actions, kinds: ["postgres"] });
const made = (head: object, params = z.object({}), first: () => object = () => ({ usage: usage() })) =>
  ({
    ...runbookOn("postgres", { id: "made", title: "Made", params }, () => first() as Steps)
      .remedies({})
      .findings(() => []),
    ...head,
  }) satisfies Runbook;

describe("lint of runbooks", () => {
  it("has nothing against good ones", () => {
    expect(lint(poolRunbook, made({}), remedyOf({ undo: "none: it is gone", within: "2m" }))).toEqual([]);
  });

  it.each([
    ["a bad id", made({ id: "Made_It" }), "lower-case words"],
    ["no title", made({ title: " " }), "title is empty"],
    ["an unknown kind", made({ needs: ["postgres", "oracle"] }), 'unknown kind "oracle"'],
    ["an empty alert", made({ alerts: [{}] }), "fits no alert"],
    [
      "an alert twice",
      made({
        alerts: [
          { a: "1", b: "2" },
          { b: "2", a: "1" },
        ],
      }),
      "same alert twice",
    ],
    ["a covered id twice", made({ covers: ["a.b", "a.b"] }), "covers an id twice"],
    ["a parameter one must give", made({}, z.object({ n: z.int().describe("n") })), "needs a default"],
    ["a parameter nobody explains", made({}, z.object({ n: z.int().default(1) })), "needs a description"],
    [
      "a stage that throws",
      made({}, z.object({}), () => usage({ a: 1 } as never) && Object(null).x.y),
      "first stage fails",
    ],
    ["a diagnosis that writes", made({}, z.object({}), () => ({ t: terminate() })), "only looks"],
    [
      "an unknown action",
      made({}, z.object({}), () => ({ x: { action: "no.such", input: {} } })),
      "no connector has",
    ],
    ["a need not said", made({ needs: [] }), 'does not need "postgres"'],
    ["an undo without a reason", remedyOf({ undo: "none: ", within: "30s" }), "has no undo"],
    ["a verify without an end", remedyOf({ undo: "actions", within: "soon" }), "no duration"],
  ])("finds %s", (_what, bad, says) => {
    expect(lint(bad)).toEqual([expect.stringContaining(says)]);
  });

  it("allows a command a parameter that people must give: no alert starts it", () => {
    const asked = { ...made({}, z.object({ n: z.int() })), forPeople: true as const };
    expect(lint(asked)).toEqual([]);
  });

  it("allows a call on a named connection without the need", () => {
    expect(lint(made({ needs: [] }, z.object({}), () => ({ u: on("db", usage()) })))).toEqual([]);
  });

  it("compares the list with files and catalogue", () => {
    const world = { actions, catalogIds: ["x.y"], files: ["made", "forgotten"] };
    expect(lintRunbooks([made({ covers: ["x.z"] }), made({ covers: ["x.y"] }), poolRunbook], world)).toEqual([
      "made: two runbooks have this id",
      "pg-pool-exhausted: there is no file pg-pool-exhausted.ts in runbooks/",
      "forgotten.ts is not in the list of runbooks/index.ts",
      'made: covers "x.z", which the guides\' catalogue does not have',
      'pg-pool-exhausted: covers "sergas-agents.pool-exhausted", which the guides\' catalogue does not have',
    ]);
  });

  it("knows the guides' catalogue", () => {
    expect(bundledCatalogIds()).toHaveLength(218);
    expect(bundledCatalogIds()).toContain("sergas-agents.pool-exhausted");
  });
});
