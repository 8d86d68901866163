import { expect, it } from "vitest";
import { z } from "zod";
import { commands } from "../../../commands/index.ts";
import { sayAgain } from "../../../src/core/rules/again.ts";
import { parse } from "../../../src/ingress/parse.ts";
import { makeSystem } from "../../make/system.ts";
import { run } from "../../make/views.ts";
import { bookOf } from "../ingress/fixtures.ts";

const book = bookOf({
  id: "book",
  params: z.object({
    minutes: z.int().default(10),
    deep: z.boolean().default(false),
    tables: z.array(z.string()).default([]),
    note: z.string().optional(),
  }),
});
const postgres = { kind: "postgres", url: "postgres://h/d" };
const systems = [makeSystem("shop", { connections: { main: postgres, replica: postgres } })];
const again = (more: Parameters<typeof run>[0]) =>
  sayAgain({ runbooks: [book], systems }, run({ system: "shop", runbook: "book", ...more }));

it("keeps what was chosen and leaves out what would be so anyway", () => {
  const params = { minutes: 10, deep: false, tables: [] };
  expect(again({ params, connections: { postgres: "main" } })).toBe("/diag shop book");
});

it("what it says can be typed, and means the same", () => {
  const note = 'say "hi" \\ there';
  const said = again({
    params: { minutes: 25, deep: true, tables: ["a", "b"], note },
    connections: { postgres: "replica" },
    applyForMs: 2_700_000,
  });
  expect(parse(commands, said.replace("/diag ", ""), { via: "cli", name: "me" })).toEqual({
    ...{ do: "run", system: "shop", runbook: "book" },
    params: { minutes: "25", deep: "true", tables: "a,b", note, postgres: "replica", for: "45m" },
  });
});
