import { expect, test } from "vitest";
import { z } from "zod";
import { outcomeOfRun } from "../../../src/core/rules/run-outcome.ts";
import { DiagError } from "../../../src/core/words/errors.ts";
import type { RunId } from "../../../src/core/words/ids.ts";
import type { Runbook } from "../../../src/core/words/runbook.ts";
import { bob, worldRunbooks } from "../../helpers/engine-bench.ts";
import { theIncident } from "./incident-bench.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("runbook-versions");

const never = (what: string) => (): never => {
  throw new Error(`the new text was asked: ${what}`);
};

/** The next deployment: the same runbooks, but nobody may ask the rules of this one for what an earlier text has begun. */
const next = (id: string, change: Partial<Runbook> = {}): Runbook[] =>
  worldRunbooks.map((runbook) =>
    runbook.id === id
      ? {
          ...runbook,
          version: "next",
          digest: "f".repeat(64),
          remedies: {},
          findings: never("findings"),
          ...change,
        }
      : runbook,
  );
const without = (id: string): Runbook[] => worldRunbooks.filter((runbook) => runbook.id !== id);

/** A worker that dies where it would write this down. */
const dying = (method: "propose" | "recordReads") =>
  rig.bench.another("dies", {
    store: { [method]: () => Promise.reject(new DiagError("aborted", "the worker is gone")) },
  });
const leaseEnds = (run: RunId) =>
  rig.bench.sql("UPDATE run SET lease_until = clock_timestamp() - interval '1 s' WHERE id = $1", [run]);
const audit = async (run: RunId, event: string) =>
  (
    await rig.bench.sql("SELECT payload FROM audit WHERE run_id = $1 AND event = $2 ORDER BY id", [
      run,
      event,
    ])
  ).rows.map(({ payload }) => JSON.parse(payload) as Record<string, unknown>);

test("a run keeps the version it began with, and so does the audit", async () => {
  const run = await rig.proposed();
  const { version, digest } = worldRunbooks.find(({ id }) => id === "level")!;
  expect((await rig.view(run)).runbookVersion).toEqual({ version, digest });
  expect(await audit(run, "run.began")).toEqual([{ runbook: "level", version, digest }]);
});

test.each([
  ["changed", next("level")],
  ["gone", without("level")],
])(
  "approved under one version, applied under the next (%s): as it was frozen, and verified by it",
  async (_what, runbooks) => {
    const run = await rig.proposed();
    await rig.bench.vote(run, "guarded", bob);
    await rig.bench.another("next", { runbooks }).advance(run);
    expect(rig.bench.world.receipts.map(({ set }) => set)).toEqual([1]);
    const view = await rig.view(run);
    expect(await rig.remedy(run)).toMatchObject({ status: "succeeded", note: "Verified: level 10 → 1" });
    expect(view.steps.find(({ phase }) => phase === "verify")).toMatchObject({ output: { value: 1 } });
    expect(outcomeOfRun(view)).toBe("fixed");
  },
);

test("what the action promises does not come: it has failed, whatever the next version would say", async () => {
  const run = await rig.proposed();
  rig.bench.world.probe = { verdict: "done", evidence: "" };
  await rig.bench.vote(run, "guarded", bob);
  const engine = rig.bench.another("next", {
    runbooks: next("level"),
    // Somebody else turns it back before it is looked at.
    crash: (point) => {
      if (point === "before_verify") rig.bench.world.value = 9;
    },
  });
  await engine.advance(run);
  expect(await rig.remedy(run)).toMatchObject({ status: "failed" });
});

test("only the runbook could tell, and it has changed: it is not known whether it helped, never fixed", async () => {
  const run = await rig.bench.submit("unseen");
  await rig.bench.engine.advance(run);
  await rig.bench.vote(run, "set", bob);
  await rig.bench.another("next", { runbooks: next("unseen") }).advance(run);
  expect(rig.bench.world.value).toBe(1);
  const view = await rig.view(run);
  expect(await rig.remedy(run, "set")).toMatchObject({
    status: "errored",
    note: /not known whether it helped/,
  });
  expect(outcomeOfRun(view)).toBe("open");
});

test("the same version asks its own question", async () => {
  const run = await rig.bench.submit("unseen");
  await rig.bench.engine.advance(run);
  await rig.bench.vote(run, "set", bob);
  await rig.bench.engine.advance(run);
  expect(await rig.remedy(run, "set")).toMatchObject({
    status: "succeeded",
    note: "Verified: the cause is gone",
  });
});

test.each([
  ["changed", next("level")],
  ["gone", without("level")],
])("what was not proposed yet is void (%s), and a new run offers it", async (_what, runbooks) => {
  const run = await rig.bench.submit("level");
  await dying("propose").advance(run);
  expect((await rig.remedy(run)).status).toBe("planned");
  await leaseEnds(run);
  await rig.bench.another("next", { runbooks }).advance(run);
  const { remedies, status } = await rig.view(run);
  for (const { status: of, note } of remedies.filter(({ key }) => key !== "human"))
    expect([of, note]).toEqual([
      "void",
      "The runbook has changed since this run began; a new run offers it again",
    ]);
  expect(status).toBe("succeeded");
});

test("a run without findings yet begins anew: what two texts have seen is not mixed", async () => {
  const run = await rig.bench.submit("level");
  await dying("recordReads").advance(run);
  expect((await rig.view(run)).steps.map(({ name }) => name)).toEqual(["now", "other"]);
  await leaseEnds(run);
  const { stages } = worldRunbooks.find(({ id }) => id === "level-twin")!;
  const runbooks = next("level", { stages, findings: () => [] });
  await rig.bench.another("next", { runbooks }).advance(run);
  const view = await rig.view(run);
  expect(view.steps.map(({ name, state }) => [name, state])).toEqual([["now", "succeeded"]]);
  expect(view.runbookVersion).toEqual({ version: "next", digest: "f".repeat(64) });
  expect((await audit(run, "run.began")).map(({ version }) => version)).toEqual([
    worldRunbooks[0]!.version,
    "next",
  ]);
});

test("a runbook that is gone before anything was found: the run ends and says so", async () => {
  const run = await rig.bench.submit("level");
  await dying("recordReads").advance(run);
  await leaseEnds(run);
  await rig.bench.another("next", { runbooks: without("level") }).advance(run);
  expect(await rig.view(run)).toMatchObject({ status: "errored", error: { code: "unknown_runbook" } });
});

test("asked to look again, a new run looks with the new text and supersedes the old one", async () => {
  const incident = theIncident(rig);
  await incident.fire();
  const [old] = (await incident.workOn()) as [RunId];
  await incident.resolve();
  rig.bench.world.value = 0;
  const { stages } = worldRunbooks.find(({ id }) => id === "level-twin")!;
  const runbooks = next("level", { stages, findings: () => [] });
  const engine = rig.bench.another("next", { runbooks });
  await engine.advance(old);
  const [, anew] = (await incident.runs()) as [RunId, RunId];
  await engine.advance(anew);
  expect(await rig.view(old)).toMatchObject({ status: "succeeded", supersededBy: anew });
  expect(await rig.remedy(old)).toMatchObject({
    status: "void",
    note: `Run #${anew} looks at this now and asks instead`,
  });
  expect(await rig.view(anew)).toMatchObject({
    status: "succeeded",
    findings: [],
    runbookVersion: { version: "next" },
  });
  expect(await audit(old, "run.looked-again")).toEqual([]);
});

test.each([
  ["the runbook is gone", without("level")],
  [
    "the runbook has changed and does not take these parameters any more",
    next("level", { params: z.object({ needed: z.string() }) }),
  ],
])(
  "asked to look again, but no new run can begin (%s): the cards stay as they were planned",
  async (because, runbooks) => {
    const incident = theIncident(rig);
    await incident.fire();
    const [run] = (await incident.workOn()) as [RunId];
    await incident.resolve();
    const engine = rig.bench.another("next", { runbooks });
    await engine.advance(run);
    await engine.advance(run);
    const view = await rig.view(run);
    expect(await incident.runs()).toEqual([run]);
    expect([view.status, view.lookAgain]).toEqual(["waiting", undefined]);
    expect((await rig.remedy(run)).status).toBe("waiting");
    expect(await audit(run, "run.not-looked-again")).toEqual([{ because }]);
  },
);

test("what is approved is carried out first, even where a new run would look instead", async () => {
  const incident = theIncident(rig);
  await incident.fire();
  const [run] = (await incident.workOn()) as [RunId];
  await rig.bench.vote(run, "guarded", bob);
  await incident.resolve();
  await rig.bench.another("next", { runbooks: next("level") }).advance(run);
  expect(await rig.remedy(run)).toMatchObject({ status: "succeeded" });
  expect(rig.bench.world.receipts).toHaveLength(1);
});
