import { z } from "zod";
import { actionsOn } from "../../../src/core/words/action.ts";
import type { Connector } from "../../../src/core/words/connector.ts";
import { DiagError } from "../../../src/core/words/errors.ts";
import { code, facts, table } from "../../../src/core/words/evidence.ts";
import type { Runbook } from "../../../src/core/words/runbook.ts";
import { runbookOn } from "../../../src/sdk/runbook.ts";
import { texts } from "./canaries.ts";

const WHOLE = texts(100_000).join(" | ");
const LINES = texts(2_000);
const { read, write } = actionsOn<object>("http");

/** A step that returns our own secrets, as a service may that prints what it was given. */
const said = read({
  name: "echo.said",
  title: "What it says",
  input: z.object({}),
  output: z.object({ text: z.string(), log: z.array(z.string()) }),
  run: async () => ({ text: WHOLE, log: LINES }),
});
const refused = read({
  name: "echo.refused",
  title: "What it refuses with",
  input: z.object({}),
  output: z.object({}),
  run: async () => {
    throw new DiagError("target_error", WHOLE, { detail: WHOLE, hint: WHOLE, cause: new Error(WHOLE) });
  },
});
const thrown = read({
  name: "echo.thrown",
  title: "What it breaks with",
  input: z.object({}),
  output: z.object({}),
  run: async () => {
    throw Object.assign(new Error(WHOLE), { code: WHOLE });
  },
});
const set = write({
  name: "echo.set",
  title: "Set it",
  class: "guarded",
  risk: "high",
  timeoutSeconds: 5,
  input: z.object({}),
  output: z.object({ text: z.string() }),
  target: () => "it",
  preview: async () => ({ changes: [...LINES], witness: { at: 1 } }),
  run: async () => ({ text: WHOLE }),
  probe: async () => ({ verdict: "done", evidence: WHOLE }),
  undo: () => ({ action: "echo.set", input: {} }),
  says: (_input, { text }) => text,
  settled: {
    check: () => ({ after: said() }),
    holds: () => true,
    figures: () => WHOLE,
  },
});

const book = runbookOn(
  "http",
  {
    id: "echo",
    title: "Says what it was told",
    alerts: ["Echo"],
    params: z.object({ note: z.string().optional() }),
  },
  () => ({ said: said(), refused: refused(), thrown: thrown() }),
);
const change = book.does(set, [], () => ({}), { recheck: ["said"], within: "1s" });

/** Everything a runbook can say, said with secrets in it. */
export const echoRunbook: Runbook = book
  .remedies({ approve: change, deny: change, human: book.advises("For a human", "low", () => WHOLE) })
  .findings((find) => [
    find(["said"], ({ said: answer }) =>
      LINES.map((line, index) => ({
        id: `told:${index}`,
        severity: "critical",
        title: line.slice(0, 2_000),
        because: `${line} and ${answer.text}`,
        evidence: [
          { kind: "text", text: line },
          facts({ told: line }),
          table(["told"], [[line]], line),
          code(LINES.join("\n"), line),
        ],
        remedies: ["approve", "deny", "human"],
      })),
    ),
  ]);

export const echoConnector = {
  actions: [said.action, refused.action, thrown.action, set.action],
  open: () => ({}),
  close: async () => {},
} as unknown as Connector;
