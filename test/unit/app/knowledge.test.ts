import { expect, it } from "vitest";
import { joined, knowledgeHealth, shipped } from "../../../src/app/knowledge.ts";
import { type Runbook, runbookOn, z } from "../../../src/sdk/index.ts";

const named = (id: string): Runbook =>
  runbookOn("postgres", { id, title: id, params: z.object({}) }, () => ({}))
    .remedies({})
    .findings(() => []);

it("joins what comes from several places, in their order", () => {
  const places = [
    { name: "diagbot", runbooks: [named("a")] },
    { name: "packs/b.ts", runbooks: [named("b")] },
  ];
  const { runbooks, leftOut } = joined(places);
  expect(runbooks.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(leftOut).toEqual([]);
});

it("an id belongs to the first that has it; the other is named and the rest stays", () => {
  const own = named("a");
  const { runbooks, leftOut } = joined([
    { name: "diagbot", runbooks: [own] },
    { name: "packs", runbooks: [named("a"), named("b"), named("b")] },
  ]);
  expect(runbooks.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(runbooks[0]).toBe(own);
  expect(leftOut).toEqual([
    'packs: the id "a" belongs to diagbot already: give it another',
    'packs: the id "b" belongs to another runbook there already: give it another',
  ]);
});

it("is well while nothing was left out", () => {
  const redact = (text: string) => text.replaceAll("hunter2", "•");
  expect(knowledgeHealth(shipped, redact).ok).toBe(true);
  expect(knowledgeHealth({ ...shipped, leftOut: ["x.ts: it threw hunter2"] }, redact)).toEqual({
    ok: false,
    detail: "left out: x.ts: it threw •",
  });
});
