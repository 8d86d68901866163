// What a run costs Postgres is counted in statements: that is the same on every machine.

import { expect, test } from "vitest";
import { z } from "zod";
import { runbookOn } from "../../../src/sdk/runbook.ts";
import { engineBench } from "../../helpers/engine-bench.ts";
import { statementsOf } from "../../helpers/statements.ts";
import { level } from "../../helpers/world.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("statements");

/** A runbook that asks so many questions and finds nothing. */
const asking = (questions: number) =>
  runbookOn("http", { id: "level", title: "Questions", params: z.object({}) }, () =>
    Object.fromEntries(Array.from({ length: questions }, (_, n) => [`question${n}`, level()])),
  )
    .remedies({})
    .findings(() => []);

async function costs(questions: number): Promise<readonly string[]> {
  const bench = engineBench(rig.pool);
  const run = await bench.submit("level");
  const engine = bench.another("counted", { runbooks: [asking(questions)], leaseMs: 60_000 });
  const sent = await statementsOf(() => engine.advance(run));
  const view = await rig.view(run);
  expect(view).toMatchObject({ status: "succeeded" });
  expect(view.steps.filter(({ state }) => state === "succeeded")).toHaveLength(questions);
  return sent;
}

test("a run of ten steps costs at most 20 statements, from its claim to its end", async () => {
  const sent = await costs(10);
  expect(sent.length, sent.join("\n")).toBeLessThanOrEqual(20);
});

test("steps that are answered together cost no statement each", async () => {
  // Answers come in the order of the event loop; some may be recorded apart.
  expect((await costs(60)).length - (await costs(10)).length).toBeLessThanOrEqual(6);
});
