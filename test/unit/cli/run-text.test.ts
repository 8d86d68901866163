import { describe, expect, it } from "vitest";
import { columns } from "../../../src/cli/columns.ts";
import { plain } from "../../../src/cli/plain.ts";
import { runJson } from "../../../src/cli/run-json.ts";
import { runText } from "../../../src/cli/run-text.ts";
import { IncidentId, PrincipalId, RunId } from "../../../src/core/words/ids.ts";
import { waitingRun } from "./waiting-run.ts";

describe("a run in a terminal", () => {
  it("says where to look next as it is typed here, and never that nothing is wrong where a check gave no answer", () => {
    const view = waitingRun({ status: "succeeded", findings: [], remedies: [] });
    const said = runText(view, ["/diag shop pg-locks"]);
    expect(said).toContain("none, but not everything could be looked at");
    expect(said).toContain("NEXT\n  look further with\n    diagbot run pg-locks --system shop");
    const alerted = waitingRun({ ...view, steps: [], alert: { labels: {}, annotations: {} } });
    expect(runText(alerted, ["/diag shop pg-locks"])).toContain(
      "where the alert still fires, look further with",
    );
    expect(runText(alerted)).toContain("none: nothing is wrong here");
    expect(runText(alerted)).not.toContain("NEXT");
  });

  it("reads like this", () => {
    expect(runText(waitingRun())).toMatchInlineSnapshot(`
      "run 42: Postgres connection pool exhausted (pg-pool-exhausted) on shop
      waiting; asked by alice at 2026-11-22 10:00:00 UTC

      FINDINGS
        critical: 97 of 97 connections are used
          Sessions sit idle; the pool of orders[2K[1A never gives them back.
            by client
            client           sessions    idle
            orders                 80  22 min
            billing gnp.exe         9       –
            used:    97
            usable:  97
            connections
            used  ▁ ▄█  now 97, at most 97
          remedies: terminateIdle

      STEPS
        step     action                          on  outcome     took
        usage    postgres.connection-usage       db  succeeded  12 ms
        clients  postgres.connections-by-client  db  errored      2 s  sorry, too many clients already (target_refused, 53300)

      REMEDIES
        terminateIdle: Terminate idle sessions [high risk, waiting]
          - terminate session 4711 (app orders, idle 22 min)
          approved by bob at 2026-11-22 10:00:09 UTC: go on
          plan 3f2a3f2a3f2a; needs 1 approval from oncall or dba until 2026-11-22 10:00:50 UTC
          approve it: diagbot approve 42 terminateIdle

        raiseMaxConnections: Raise max_connections [high risk, advice]
          Set max_connections = 200 and restart."
    `);
  });

  it("says that nothing is wrong, or that nobody knows yet", () => {
    expect(runText(waitingRun({ findings: [], remedies: [], steps: [] }))).toContain(
      "none: nothing is wrong here",
    );
    const early = runText(waitingRun({ findings: [], diagnosed: false, status: "running" }));
    expect(early).toContain("not known yet");
    const lost = runText(waitingRun({ findings: [], diagnosed: false, status: "errored" }));
    expect(lost).not.toContain("FINDINGS");
  });

  it("says what the policy auto is about to do, and that it has done it", () => {
    const [remedy] = waitingRun().remedies;
    if (remedy?.approval === undefined) throw new Error("no remedy");
    const shown = (auto: object, votes = remedy.approval?.votes ?? []) =>
      runText(
        waitingRun({
          remedies: [{ ...remedy, approval: { ...remedy.approval, votes, auto } as typeof remedy.approval }],
        }),
      );
    expect(shown({ at: new Date(0) })).toContain(
      "the policy auto applies it at 1970-01-01 00:00:00 UTC without a person; say: diagbot auto stop 42",
    );
    expect(shown({ note: "bob has stopped it" })).toContain("policy auto: bob has stopped it");
    const [vote] = remedy.approval.votes;
    if (vote === undefined) throw new Error("no vote");
    expect(shown({}, [{ ...vote, auto: true }])).toContain("approved by the policy auto, no person, at");
  });

  it("asks what became of a remedy, and whether one in force stays", () => {
    const [remedy] = waitingRun().remedies;
    if (remedy === undefined) throw new Error("no remedy");
    const asked = runText(
      waitingRun({
        remedies: [
          { ...remedy, status: "unknown" },
          { ...remedy, status: "succeeded", held: { until: new Date(0), ends: "undo" } },
        ],
      }),
    );
    expect(asked).toContain("diagbot answer 42 terminateIdle <happened|did-not|abandon>");
    expect(asked).toContain("in force until 1970-01-01 00:00:00 UTC, then: undo; say: diagbot answer 42");
  });

  it("lets no foreign text move the cursor", () => {
    expect(runText(waitingRun())).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    expect(plain("a\u001b]0;title\u0007b\u202ec\r\nd\te")).toBe("a]0;titlebc\nd\te");
  });

  it("aligns columns, figures to the right", () => {
    expect(
      columns(
        [
          ["orders", "80"],
          ["b", "9"],
        ],
        ["client", "n"],
      ),
    ).toBe("client   n\norders  80\nb        9");
    expect(columns([])).toBe("");
  });
});

describe("a run as JSON", () => {
  it("has the promised members", () => {
    const json = runJson(waitingRun());
    expect(json.steps).toEqual([
      {
        ...{ id: "usage", action: "postgres.connection-usage", effect: "read", outcome: "succeeded" },
        ...{ title: expect.any(String), on: "db", phase: "diagnose", remedy: null, explained: false },
        ...{ startedAt: "2026-11-22T10:00:01.000Z", durationMs: 12 },
      },
      {
        ...{ id: "clients", action: "postgres.connections-by-client", effect: "read", outcome: "errored" },
        ...{ title: expect.any(String), on: "db", phase: "diagnose", remedy: null, explained: false },
        ...{ startedAt: "2026-11-22T10:00:01.000Z", durationMs: 2003 },
        error: { code: "target_refused", message: "sorry, too many clients already", detail: "53300" },
      },
    ]);
    expect(json.findings[0]).toMatchObject({ id: "pool-full", remedies: ["terminateIdle"] });
    expect(json.remedies[0]).toMatchObject({
      ...{ id: "terminateIdle", risk: "high", status: "waiting", planSha256: "3f2a".repeat(16) },
      approvals: [{ state: "pending", needed: 2, votes: [{ principal: "bob", decision: "approve" }] }],
      attempts: [],
    });
    expect(json.remedies[1]).toMatchObject({ id: "raiseMaxConnections", status: "advice", approvals: [] });
  });

  it("says what the thread says of a finding and of the run: the harm, what is gone, why it broke off", () => {
    const [finding] = waitingRun().findings;
    if (finding === undefined) throw new Error("no finding");
    const goneAt = new Date(0);
    const run = waitingRun({
      findings: [{ ...finding, damage: "data-loss", goneAt }],
      error: { code: "bug", message: "it broke" },
      endedAt: new Date(1_000),
    });
    expect(runJson(run)).toMatchObject({
      ...{ severity: null, dryRun: false, incident: null, supersededBy: null, lookedAgainAt: null },
      ...{ createdAt: "2026-11-22T10:00:00.000Z", endedAt: "1970-01-01T00:00:01.000Z" },
      ...{ params: { idleMinutes: 10 }, error: { code: "bug", message: "it broke" } },
      findings: [{ damage: "data-loss", goneAt: "1970-01-01T00:00:00.000Z" }],
    });
    expect(runJson(waitingRun()).findings).toMatchObject([{ damage: null, goneAt: null }]);
    expect(runText(run)).toContain("no longer there: 97 of 97 connections are used\n    harm: ");
  });

  it("says of a remedy what is in force, who answered, and which runs it serves", () => {
    const [remedy] = waitingRun().remedies;
    const [vote] = remedy?.approval?.votes ?? [];
    if (remedy?.approval === undefined || vote === undefined) throw new Error("no remedy");
    const until = new Date(0);
    const { remedies } = runJson(
      waitingRun({
        remedies: [
          {
            ...remedy,
            held: { until, ends: "undo" },
            sameAs: { run: RunId.parse(7) },
            askedFor: [{ run: RunId.parse(8), incident: IncidentId.parse(3), title: "slow" }],
            answers: [{ principal: PrincipalId.parse("bob"), answer: "happened", at: until }],
            approval: { ...remedy.approval, votes: [{ ...vote, breakGlass: true }] },
          },
        ],
      }),
    );
    expect(remedies).toMatchObject([
      {
        held: { until: "1970-01-01T00:00:00.000Z", ends: "undo" },
        sameAs: { run: 7, status: null },
        askedFor: [{ run: 8, incident: 3, title: "slow" }],
        answers: [{ principal: "bob", answer: "happened", at: "1970-01-01T00:00:00.000Z" }],
        approvals: [{ votes: [{ breakGlass: true }] }],
      },
    ]);
  });

  it("does not give away what a button carries", () => {
    expect(JSON.stringify(runJson(waitingRun()))).not.toContain("0".repeat(32));
  });
});
