import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { md, mdEvidence } from "../../../../src/core/rules/postmortem/markdown.ts";
import { LONGEST_POSTMORTEM, postmortemOf } from "../../../../src/core/rules/postmortem/postmortem.ts";
import { PrincipalId, RunId } from "../../../../src/core/words/ids.ts";
import type { ThreadView } from "../../../../src/core/words/view.ts";
import { fc } from "../../../helpers/property.ts";
import {
  ADVICE,
  approval,
  at,
  EXHAUSTED,
  incident,
  NOW,
  PLAN,
  remedy,
  run,
  step,
  thread,
} from "../../../make/views.ts";

const FOLDER = new URL("../../../fixtures/golden/postmortem/", import.meta.url);
const bob = PrincipalId.parse("bob");
const write = (view: ThreadView): string =>
  postmortemOf({ incident: view.incident ?? incident(), runs: view.runs, now: NOW });

const attempt = {
  step: "terminateIdle/apply/1",
  epoch: 1,
  worker: "w1",
  startedAt: at(80),
  deadline: at(70),
};
const CASES: Readonly<Record<string, ThreadView>> = {
  fixed: thread(
    [
      run({
        caller: { via: "alert", name: "PostgresTooManyConnections" },
        createdAt: at(280),
        findings: [EXHAUSTED],
        endedAt: at(50),
        steps: [
          step("usage", "connection usage"),
          step("check", "is it better", { phase: "verify", remedy: "terminateIdle", startedAt: at(60) }),
        ],
        remedies: [
          remedy({
            status: "succeeded",
            appliedAt: at(75),
            endedAt: at(58),
            note: "2 of 97 connections are in use",
            approval: approval({
              state: "approved",
              requestedAt: at(110),
              votes: [{ principal: bob, decision: "approve", reason: "the importer leaks", at: at(90) }],
            }),
            attempts: [{ ...attempt, outcome: "succeeded", finishedAt: at(76) }],
          }),
          ADVICE,
        ],
      }),
    ],
    {
      incident: incident({
        status: "resolved",
        resolvedAt: at(40),
        firing: 0,
        resolved: 4,
        escalation: {
          turn: 0,
          since: at(290),
          levels: [
            {
              turn: 0,
              level: 0,
              target: { usergroup: "S0ONCALL" },
              because: "severity",
              at: at(120),
              state: "shown",
            },
          ],
          answered: { how: "ack", by: "bob", words: "looking", at: at(100) },
        },
      }),
    },
  ),
  open: thread(
    [
      run({
        status: "waiting",
        findings: [EXHAUSTED, { ...EXHAUSTED, id: "other", title: "Another", goneAt: at(30), evidence: [] }],
        steps: [
          step("usage", "connection usage"),
          step("locks", "locks", {
            state: "errored",
            error: { code: "target_auth", message: "no right to pg_locks" },
          }),
        ],
        remedies: [
          remedy({
            approval: approval({ state: "void", decidedAt: at(20), voidBecause: ["session 4712 has gone"] }),
            status: "void",
            note: "session 4712 has gone",
          }),
          remedy({ key: "again", title: "Terminate again", approval: approval({ requestedAt: at(10) }) }),
        ],
      }),
    ],
    { incident: incident({ reopenings: [{ n: 1, at: at(60), announced: true }] }) },
  ),
  nothing: thread([], {
    incident: incident({ alerts: [], remarks: ["no system of diagbot.yaml matches its labels"] }),
  }),
};

describe("what people read", () => {
  for (const [name, view] of Object.entries(CASES))
    it(name, () => {
      const file = new URL(`${name}.md`, FOLDER);
      const said = write(view);
      if (process.env.UPDATE_GOLDEN === "1") {
        mkdirSync(FOLDER, { recursive: true });
        writeFileSync(file, said);
      }
      expect(said).toBe(readFileSync(file, "utf8"));
    });

  it("is in the order in which it happened, and says who decided and why", () => {
    const said = write(CASES.fixed!);
    const order = [
      "Alert fires",
      "diagbot opens",
      "is started by the alert",
      "S0ONCALL is told",
      "finds: critical",
      "asks for approval",
      "bob has it: looking",
      "bob approves “Terminate idle sessions” (#42): the importer leaks",
      "apply/1 begins",
      "apply/1 succeeded",
      "is verified: succeeded",
      "Every alert is resolved",
    ];
    const places = order.map((words) => said.indexOf(words));
    expect(
      places.every((place) => place > 0),
      JSON.stringify(places),
    ).toBe(true);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it("leaves out nothing that is open", () => {
    const said = write(CASES.open!);
    for (const words of [
      "still fires",
      "Open: critical: 97 of 97",
      "Not decided: Terminate again",
      "Could not be looked at: locks",
      "no right to pg\\_locks",
      "session 4712 has gone",
    ])
      expect(said).toContain(words);
    expect(said).not.toContain("Open: critical: Another");
  });
});

describe("words of others", () => {
  const hostile = fc.oneof(
    fc.string({ maxLength: 80, unit: "binary" }),
    fc.constantFrom(
      "# heading",
      "[x](https://evil.example)",
      "<script>alert(1)</script>",
      "![](http://evil/x.png)",
      "| a | b |",
      "```\nout",
      "@channel",
      "https://evil.example",
      "$(rm)",
      "- [x] done",
      "***",
    ),
  );

  it("are no markup: no link, image, heading, HTML, mention or cell of a table", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const said = md(text);
        expect(said).not.toMatch(/\n/);
        expect(said.replace(/\\./g, "")).not.toMatch(/[[\]<>#|`*_~!@$]|:\/\//);
        expect(said).not.toBe("");
      }),
    );
  });

  it("never end the fence they stand in", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("`", "```", "a", "\n", "~~~"), { maxLength: 30 }), (parts) => {
        const said = mdEvidence({ kind: "code", text: parts.join("") });
        const [fence = ""] = /^`+/.exec(said) ?? [];
        const inside = said.slice(said.indexOf("\n") + 1, said.lastIndexOf("\n"));
        expect(inside).not.toContain(fence);
      }),
    );
  });

  it("are bounded, the whole as well, and the places for people stay", () => {
    const long = { ...EXHAUSTED, evidence: [{ kind: "code" as const, text: "x".repeat(100_000) }] };
    const runs = Array.from({ length: 60 }, (_, n) => run({ id: RunId.parse(n + 1), findings: [long] }));
    const said = write(thread(runs, { incident: incident() }));
    expect(said.length).toBeLessThanOrEqual(LONGEST_POSTMORTEM);
    expect(said).toContain("… cut");
    expect(said).toContain("What did users see");
  });

  it("a plan with a fence in it shows every change", () => {
    const plan = { ...PLAN, calls: [{ ...PLAN.calls[0]!, changes: ["```", "drop"] }] };
    const said = write(thread([run({ remedies: [remedy({ plan, status: "denied" })] })]));
    expect(said).toContain("````text\n```\ndrop\n````");
  });
});
