import { actionsOn, type Call } from "../../../src/core/words/action.ts";
import { z } from "../../../src/sdk/index.ts";

const { read, write } = actionsOn<unknown>("postgres");

/** Made-up actions for books that are never run. */
export const usage = read({
  name: "postgres.made-up-usage",
  title: "u",
  input: z.object({}),
  output: z.object({ ratio: z.number() }),
  run: async () => ({ ratio: 1 }),
});

export const idle = read({
  name: "postgres.made-up-idle",
  title: "i",
  input: z.object({ minutes: z.int() }),
  output: z.object({ pids: z.array(z.int()) }),
  run: async () => ({ pids: [] }),
});

const refused = {
  preview: async () => ({ changes: [], witness: null, refused: "made up" }),
  probe: async () => ({ verdict: "unknown" as const, evidence: "made up" }),
};

/** Of high risk; says itself how it ends. */
export const end = write({
  ...refused,
  name: "postgres.made-up-end",
  title: "End sessions",
  class: "guarded",
  risk: "high",
  input: z.object({ pids: z.array(z.int()).min(1) }),
  output: z.object({ ended: z.int() }),
  target: () => "sessions",
  run: async (_client, { pids }) => ({ ended: pids.length }),
  undo: "none: clients connect again by themselves",
  settled: { within: "45s", check: () => ({ usage: usage() }), holds: () => true },
});

/** Of low risk; can be taken back, and says nothing of how it ends. */
export const set = write({
  ...refused,
  name: "postgres.made-up-set",
  title: "Set the limit",
  class: "cas",
  risk: "low",
  input: z.object({ limit: z.int() }),
  output: z.object({ before: z.int() }),
  target: () => "limit",
  run: async (_client, { limit }) => ({ before: limit }),
  undo: (_input, _witness, { before }): Call => set({ limit: before }),
});
