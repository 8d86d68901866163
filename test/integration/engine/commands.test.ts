import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { outcomeOfRun } from "../../../src/core/rules/run-outcome.ts";
import { DiagError } from "../../../src/core/words/errors.ts";
import { makeScripts } from "../../helpers/scripts.ts";
import { commandRig } from "./command-rig.ts";

const rig = commandRig("commands");
const scripts = makeScripts();
afterAll(() => scripts.stop());
beforeEach(() => scripts.set({ paused: "no", waiting: 3 }));

const file = (commands: object = {}, more: object = {}) => ({
  systems: {
    shop: {
      connections: { scripts: { kind: "exec", local: true, commands: { ...scripts.commands, ...commands } } },
    },
  },
  ...more,
});
const PAUSE = { queue: "mails", paused: "yes" };

describe("a declared read", () => {
  test("is a runbook of its own: it shows its answer and judges nothing (trap house-scripts)", async () => {
    const shop = await rig.deploy(file());
    const run = await shop.run("queue-status", { queue: "mails" });
    expect(run.findings).toMatchObject([
      { id: "answer", severity: "info", title: "State of a queue: 2 rows" },
    ]);
    expect(JSON.stringify(run.findings[0]?.evidence)).toContain("mails");
    expect(run.remedies).toEqual([]);
  });

  test("takes words only as its parameters are declared", async () => {
    const shop = await rig.deploy(file());
    await expect(shop.run("queue-status", {})).rejects.toThrow(/queue/);
    await expect(shop.run("queue-status", { queue: "a b" })).rejects.toThrow(/a word that fits/);
    await expect(shop.run("queue-status", { queue: "--all" })).rejects.toThrow(/does not begin with -/);
    await expect(shop.run("queue-status", { queu: "mails" })).rejects.toThrow('did you mean "queue"');
    await expect(shop.run("queue-set", { queue: "mails", paused: "maybe" })).rejects.toThrow(/yes, no/);
  });

  test("an exit code that is no answer could not look, with its words, and is never healthy", async () => {
    const shop = await rig.deploy(
      file({
        down: {
          title: "Down",
          argv: [scripts.program("down", "#!/bin/sh\nexit 3\n")],
          exitCodes: { "0": "ok", "3": "the broker does not answer" },
        },
      }),
    );
    const run = await shop.run("down");
    expect(outcomeOfRun(run)).toBe("could not look");
    expect(run.steps[0]?.error?.message).toContain("the broker does not answer (exit 3)");
  });
});

describe("a declared write", () => {
  test("waits for approval with exactly what it would run, is done once, verified, and taken back to what was there", async () => {
    const shop = await rig.deploy(file());
    const before = scripts.writes().length;
    const run = await shop.run("queue-set", PAUSE);
    const [remedy] = run.remedies;
    expect(remedy).toMatchObject({ key: "do", status: "waiting", risk: "high" });
    expect(remedy?.plan?.calls[0]?.changes).toEqual([
      expect.stringMatching(/^run \S+queue-set '--queue' mails yes on this machine$/),
      "now: paused no",
      "exit 0, name mails, paused no, waiting 3",
      "exit 0, name other, paused no, waiting 1",
    ]);
    expect(scripts.writes().length).toBe(before);
    const done = await shop.approve(run.id, "do");
    expect(done).toMatchObject({ status: "succeeded", note: "Verified: paused no → yes" });
    expect(scripts.writes().slice(before)).toEqual(["[--queue][mails][yes]"]);
    const undone = await shop.answer(run.id, "do", "undo");
    expect(undone.status).toBe("undone");
    expect(scripts.get().paused).toBe("no");
    expect(scripts.writes().slice(before)).toHaveLength(2);
  });

  test("an undo sends nothing where it is back already, and is refused where something else has come since", async () => {
    const shop = await rig.deploy(file());
    for (const [state, status, sent] of [
      ["no", "undone", 1],
      ["other", "failed", 1],
    ] as const) {
      scripts.set({ paused: "no" });
      const before = scripts.writes().length;
      const run = await shop.run("queue-set", PAUSE);
      await shop.approve(run.id, "do");
      scripts.set({ paused: state });
      const after = await shop.answer(run.id, "do", "undo");
      expect([state, after.status, scripts.writes().length - before]).toEqual([state, status, sent]);
      if (state === "other") expect(after.note).toContain("it is not as queue-set left it");
    }
  });

  test("an undo of what only a difference shows leaves alone what has come since, and what is back already", async () => {
    const set = scripts.commands["queue-set"] as object;
    const probe = { ask: "queue-status", where: { name: "{queue}" }, when: { paused: { changed: true } } };
    const shop = await rig.deploy(file({ "queue-flip": { ...set, probe } }));
    for (const [state, status, sent] of [
      ["yes", "undone", 2],
      ["other", "failed", 1],
    ] as const) {
      scripts.set({ paused: "no" });
      const before = scripts.writes().length;
      const run = await shop.run("queue-flip", PAUSE);
      expect(await shop.approve(run.id, "do")).toMatchObject({ status: "succeeded" });
      scripts.set({ paused: state });
      const after = await shop.answer(run.id, "do", "undo");
      expect([state, after.status, scripts.writes().length - before]).toEqual([state, status, sent]);
      if (state === "other") expect(after.note).toContain("it is not as queue-flip left it");
      expect(scripts.get().paused).toBe(state === "yes" ? "no" : "other");
    }
  });

  test("has nothing to do where it is so already", async () => {
    const shop = await rig.deploy(file());
    const { remedies } = await shop.run("queue-set", { ...PAUSE, paused: "no" });
    expect(remedies).toMatchObject([{ status: "skipped", note: "it is so already: paused no" }]);
  });

  test("is refused where what it requires does not hold, before it is asked for and after", async () => {
    const shop = await rig.deploy(file());
    scripts.set({ waiting: 700 });
    const { remedies } = await shop.run("queue-set", PAUSE);
    expect(remedies[0]).toMatchObject({ status: "skipped" });
    expect(remedies[0]?.note).toContain(
      "500 or more wait: nobody pauses that from here (queue-status: waiting 700)",
    );
    scripts.set({ waiting: 3 });
    const run = await shop.run("queue-set", PAUSE);
    scripts.set({ waiting: 700 });
    const before = scripts.writes().length;
    expect((await shop.approve(run.id, "do")).status).toBe("void");
    expect(scripts.writes().length).toBe(before);
  });

  test("a state that moved after the approval voids it", async () => {
    const shop = await rig.deploy(file());
    const run = await shop.run("queue-set", PAUSE);
    scripts.set({ paused: "yes" });
    expect(await shop.approve(run.id, "do")).toMatchObject({ status: "void" });
  });

  test("a declaration that changed between approval and execution voids the plan: its own, and that of what it asks", async () => {
    for (const changed of ["queue-set", "queue-status"] as const) {
      scripts.set({ paused: "no" });
      const then = await rig.deploy(file());
      const run = await then.run("queue-set", PAUSE);
      const now = await rig.deploy(
        file({ [changed]: { ...(scripts.commands[changed] as object), timeoutSeconds: 11 } }),
      );
      const before = scripts.writes().length;
      const { status } = await now.approve(run.id, "do");
      expect([changed, status, scripts.writes().length - before]).toEqual([changed, "void", 0]);
    }
  });

  test("after a crash it is asked what happened, and never done twice", async () => {
    const shop = await rig.deploy(file());
    for (const point of ["before_effect", "after_effect"] as const) {
      scripts.set({ paused: "no" });
      const run = await shop.run("queue-set", PAUSE);
      const before = scripts.writes().length;
      const dead = shop.worker((at) => {
        if (at === point) throw new DiagError("store_unavailable", "dies here");
      });
      await shop.approveWith(dead, run.id, "do");
      const made = scripts.writes().length - before;
      const remedy = await shop.settle(run.id, "do");
      expect([point, made, scripts.writes().length - before, remedy.status]).toEqual(
        point === "after_effect" ? [point, 1, 1, "succeeded"] : [point, 0, 0, "unknown"],
      );
      if (point === "after_effect") continue;
      expect(remedy.note).toContain("It is as it was: paused no");
      await shop.answer(run.id, "do", "abandon");
    }
  });

  test("a refusal of the script says that nothing was done", async () => {
    const shop = await rig.deploy(
      file({ "queue-set": { ...(scripts.commands["queue-set"] as object), requires: [] } }),
    );
    scripts.set({ waiting: 2_000 });
    const run = await shop.run("queue-set", PAUSE);
    expect(await shop.approve(run.id, "do")).toMatchObject({
      status: "failed",
      note: "Nothing was done: too many wait (exit 4)",
    });
  });
});

describe("checks as data", () => {
  const check = {
    id: "paused-queue",
    title: "Queues that are paused",
    command: { name: "queue-status", params: { queue: "mails" } },
    findings: [
      {
        when: { paused: { equals: "yes" } },
        title: "{{name}} is paused, {{waiting}} wait",
        remedy: { run: "scripts.queue-set", params: { queue: "{{name}}", paused: "no" } },
        advice: "Ask who paused it.",
      },
    ],
  };

  test("ask a command, and offer a declared write with values of the row", async () => {
    const shop = await rig.deploy(file({}, { checks: [check] }));
    expect(outcomeOfRun(await shop.run("paused-queue"))).toBe("healthy");
    scripts.set({ paused: "yes", waiting: 42 });
    const run = await shop.run("paused-queue");
    expect(run.findings[0]).toMatchObject({ title: "mails is paused, 42 wait" });
    expect(run.remedies.map(({ key, status }) => [key, status])).toEqual([
      ["do-paused-equals", "waiting"],
      ["advice-paused-equals", "advice"],
    ]);
    const remedy = await shop.approve(run.id, "do-paused-equals");
    expect(remedy).toMatchObject({ status: "succeeded", note: expect.stringContaining("paused yes → no") });
    expect(scripts.get()).toEqual({ paused: "no", waiting: 42 });
    expect(outcomeOfRun(await shop.view(run.id))).toBe("fixed");
  });

  test("the same from the health of the system", async () => {
    const shop = await rig.deploy(file({}, { checks: [check] }));
    scripts.set({ paused: "yes", waiting: 42 });
    const run = await shop.run("service-health");
    const key = "paused-queue/do-paused-equals";
    expect(run.remedies.find((one) => one.key === key)).toMatchObject({ status: "waiting" });
    expect((await shop.approve(run.id, key)).status).toBe("succeeded");
  });
});
