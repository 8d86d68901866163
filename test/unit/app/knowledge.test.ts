import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { joined, knowledgeHealth, knowledgeOf, shipped } from "../../../src/app/knowledge.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { kinds } from "../../../src/connectors/index.ts";
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

it("a write that a pack offers is bound where diagbot.yaml declares it; where nothing does, that is said at the start", () => {
  const book = runbookOn("postgres", { id: "outbox", title: "Outbox", params: z.object({}) }, () => ({}));
  const runbook = book
    .remedies({
      release: book.runs("scripts.release", [], () => ({})),
      drop: book.runs("scripts.drop", [], () => ({})),
    })
    .findings(() => []);
  const pack = { name: "./packs", sha256: "ab", isLocked: false, kinds: [], leftOut: [] };
  const folder = mkdtempSync(join(tmpdir(), "diagbot-knowledge-"));
  const commands = `release: { title: Release, effect: write, risk: high, argv: [/bin/true], probe: { ask: state, when: { line: { equals: ok } } }, undo: { none: rows are sent once } }
          state: { title: State, argv: [/bin/true] }`;
  writeFileSync(
    join(folder, "diagbot.yaml"),
    `systems:
  shop:
    connections:
      scripts:
        kind: exec
        local: true
        commands:
          ${commands}
`,
  );
  const config = loadConfig({ env: { DATABASE_URL: "postgres://x/y" }, cwd: folder, kinds });
  rmSync(folder, { recursive: true });
  const packs = [{ ...pack, runbooks: [{ runbook, label: "packs/outbox.ts" }] }];
  const { runbooks, warnings } = knowledgeOf(config, { packs, leftOut: [] });
  const { remedies } = runbooks.find(({ id }) => id === "outbox") ?? {};
  expect(remedies?.release).toMatchObject({ title: "Release", risk: "high" });
  expect(remedies?.drop?.advice).toContain("scripts.drop");
  expect(warnings).toEqual([
    "packs/outbox.ts: outbox offers scripts.drop, which no system declares: it is advice (docs/commands.md)",
  ]);
});
