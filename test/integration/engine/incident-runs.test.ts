import { expect, test } from "vitest";
import { ApprovalId, RunId } from "../../../src/core/words/ids.ts";
import { auditGaps } from "../../helpers/audit-replay.ts";
import { bob, entry } from "../../helpers/engine-bench.ts";
import { theIncident } from "./incident-bench.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("incident-runs");

test("a flapping alert has one card, however often it fires", async () => {
  const incident = theIncident(rig);
  await incident.fire();
  const [run] = await incident.workOn();
  for (let times = 0; times < 4; times++) {
    await incident.resolve();
    await incident.workOn();
    expect((await incident.fire()).runs).toEqual([]);
    await incident.workOn();
  }
  expect(await incident.runs()).toEqual([run]);
  expect((await incident.cards()).map(({ status }) => status)).toEqual(["waiting", "waiting"]);
  const { rows } = await rig.pool.query(
    "SELECT n, announced FROM reopening WHERE incident_id = $1 ORDER BY n",
    [await incident.id()],
  );
  expect(rows.map(({ announced }) => announced)).toEqual([true, false, false, false]);
});

test("a run that waits looks again when the alert fires after the quiet time, and no second one is started", async () => {
  const incident = theIncident(rig);
  await incident.fire();
  const first = await incident.workOn();
  await incident.resolve();
  await incident.workOn();
  await incident.quietIsOver();
  expect((await incident.fire()).runs).toEqual([]);
  expect(await rig.bench.store.sweep.startDueRuns()).toBe(0);
  expect((await rig.view(first[0] ?? RunId.parse(1))).lookAgain).toMatchObject({ why: "fired" });
  expect(await incident.runs()).toEqual(first);
});

test("what is gone when the alert is resolved is withdrawn, and no vote on it counts", async () => {
  const incident = theIncident(rig);
  await incident.fire();
  const [run = RunId.parse(1)] = await incident.workOn();
  const approval = ApprovalId.parse((await rig.remedy(run)).approval?.id);
  rig.bench.world.value = 3;
  await incident.resolve();
  await incident.workOn();
  expect(await rig.remedy(run)).toMatchObject({
    status: "void",
    note: "No longer there: the alert is resolved, everything was looked at again",
    approval: { state: "void" },
  });
  const seen = await rig.view(run);
  expect([seen.status, seen.findings[0]?.goneAt]).toEqual(["succeeded", expect.any(Date)]);
  const vote = { approval, voter: bob, decision: "approve", via: "cli" } as const;
  await expect(rig.bench.store.intake.castVote(entry(), vote)).rejects.toMatchObject({
    code: "not_decidable",
  });
});

test("what could not be looked at again is not called gone", async () => {
  const incident = theIncident(rig);
  await incident.fire();
  const [run = RunId.parse(1)] = await incident.workOn();
  Object.defineProperty(rig.bench.world, "value", {
    get: () => {
      throw new Error("connection refused");
    },
  });
  await incident.resolve();
  await incident.workOn();
  expect((await rig.view(run)).findings[0]?.goneAt).toBeUndefined();
  expect((await rig.remedy(run)).status).toBe("waiting");
  // It is tried again.
  expect((await rig.view(run)).lookAgain).toBeDefined();
});

test("another situation: the card is planned again in place, says what changed, and asks anew", async () => {
  const incident = theIncident(rig);
  rig.reopen({ policies: incident.twoVotes });
  await incident.fire();
  const [run = RunId.parse(1)] = await incident.workOn();
  await rig.bench.vote(run, "guarded", bob);
  const before = await rig.remedy(run);
  expect(before.approval?.votes).toHaveLength(1);
  rig.bench.world.value = 12;
  await incident.resolve();
  await incident.workOn();
  const after = await rig.remedy(run);
  expect(after).toMatchObject({ status: "waiting", note: "Planned again: value: 10 -> 12" });
  expect(after.approval?.votes).toEqual([]);
  expect(after.approval?.id).not.toBe(before.approval?.id);
  expect(after.plan?.calls[0]?.witness).toEqual({ value: 12 });
  expect((await rig.view(run)).findings[0]?.title).toBe("level 12");
});

test("the same situation keeps the card and its votes", async () => {
  const incident = theIncident(rig);
  rig.reopen({ policies: incident.twoVotes });
  await incident.fire();
  const [run = RunId.parse(1)] = await incident.workOn();
  await rig.bench.vote(run, "guarded", bob);
  const before = await rig.remedy(run);
  await incident.resolve();
  await incident.workOn();
  expect((await rig.remedy(run)).approval).toEqual(before.approval);
});

test("after a remedy was tried a new fire starts a new run, which supersedes the cards of the one before", async () => {
  const incident = theIncident(rig);
  await incident.fire();
  const [old = RunId.parse(1)] = await incident.workOn();
  rig.bench.world.next = ["refuse"];
  await rig.bench.vote(old, "guarded", bob);
  await incident.workOn();
  expect((await rig.remedy(old)).status).toBe("failed");
  await incident.resolve();
  await incident.workOn();
  await incident.quietIsOver();
  const { runs } = await incident.fire();
  expect(runs).toHaveLength(1);
  expect((await rig.remedy(old, "keyed")).status).toBe("void");
  expect((await rig.remedy(old, "keyed")).note).toMatch(/^Run #\d+ looks at this now and asks instead$/);
  await incident.workOn();
  expect((await rig.view(old)).status).toBe("failed");
  expect((await incident.cards()).map(({ run, status }) => [run, status])).toEqual([
    [runs[0], "waiting"],
    [runs[0], "waiting"],
  ]);
});

test("within the quiet time a flapping alert is not diagnosed again, after it once if it still fires", async () => {
  const incident = theIncident(rig);
  rig.bench.world.value = 3;
  await incident.fire();
  const first = await incident.workOn();
  await incident.resolve();
  expect((await incident.fire()).runs).toEqual([]);
  expect(await rig.bench.store.sweep.startDueRuns()).toBe(0);
  await incident.quietIsOver();
  expect(await rig.bench.store.sweep.startDueRuns()).toBe(1);
  expect((await incident.runs()).length).toBe(first.length + 1);
  expect(await rig.bench.store.sweep.startDueRuns()).toBe(0);
});

test("a resolve forgets the run that waited for the quiet time", async () => {
  const incident = theIncident(rig);
  rig.bench.world.value = 3;
  await incident.fire();
  const first = await incident.workOn();
  await incident.resolve();
  await incident.fire();
  await incident.resolve();
  await incident.quietIsOver();
  expect(await rig.bench.store.sweep.startDueRuns()).toBe(0);
  expect(await incident.runs()).toEqual(first);
});

test("two runs of one incident never ask for the same act", async () => {
  const incident = theIncident(rig);
  await incident.fire({ runs: [{}, { runbook: "level-twin" }] });
  const runs = await incident.workOn();
  expect(runs).toHaveLength(2);
  expect((await incident.cards()).map(({ status }) => status)).toEqual(["waiting", "waiting"]);
  expect((await rig.remedy(runs[1]!, "set")).note).toBe(
    `Run #${runs[0]} of this incident asks for the same already`,
  );
});

test("a worker that dies while it looks again has changed nothing", async () => {
  const incident = theIncident(rig);
  await incident.fire();
  const [run = RunId.parse(1)] = await incident.workOn();
  rig.bench.world.value = 3;
  await incident.resolve();
  const before = await rig.view(run);
  const stopped = rig.bench.another("stopped");
  const reads = rig.bench.world.reads;
  Object.defineProperty(rig.bench.world, "value", {
    configurable: true,
    get: () => {
      void stopped.stop(0);
      return 3;
    },
  });
  await stopped.advance(run);
  expect(rig.bench.world.reads).toBeGreaterThan(reads);
  Object.defineProperty(rig.bench.world, "value", { configurable: true, writable: true, value: 3 });
  const after = await rig.view(run);
  expect([after.findings, after.remedies]).toEqual([before.findings, before.remedies]);
  expect(after.lookAgain).toBeDefined();
  await incident.workOn();
  expect((await rig.remedy(run)).status).toBe("void");
});

test("every state of this file can be told from the audit alone", async () => {
  expect(await auditGaps(rig.pool)).toEqual([]);
});
