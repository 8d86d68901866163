// What the doors give the store: no secret of others' text is in it, whatever kind of request it came with.
import { expect, it } from "vitest";
import type { AlertRequest, Entry, Intake } from "../../../src/core/ports/intake.ts";
import type { Caller } from "../../../src/core/words/caller.ts";
import { ApprovalId, PrincipalId, RunId } from "../../../src/core/words/ids.ts";
import { knownRedactor, redactor } from "../../../src/lib/redact.ts";
import { safeIntake } from "../../../src/store/safe-intake.ts";

const SECRET = "correct-horse-battery-7391";
const TEXT = `it says ${SECRET} here`;

const entry: Entry = { source: "cli", dedupeKey: "1", raw: "{}" };
const alice: Caller = { via: "cli", name: "alice", principal: PrincipalId.parse("alice") };
const voter = { id: PrincipalId.parse("alice"), roles: [], slack: [] };
const approval = ApprovalId.parse("0".repeat(32));
const run = { system: "shop", runbook: "level", title: "Level", params: {}, connections: {} };
const request = { ...run, caller: alice, channel: "C0OPS" };
const labels = { alertname: "Level" };
const group: AlertRequest = {
  notification: {
    ...{
      version: "4",
      groupKey: "{}",
      truncatedAlerts: 0,
      status: "firing",
      receiver: "ops",
      externalURL: "",
    },
    ...{ groupLabels: labels, commonLabels: labels, commonAnnotations: {} },
    alerts: [
      {
        ...{ status: "firing", labels, annotations: {}, startsAt: "2026-11-22T03:10:00Z" },
        ...{ endsAt: "", generatorURL: "", fingerprint: "" },
      },
    ],
  },
  ...{ channel: "C0OPS", severity: "warning", runs: [], quietMs: 0 },
};

/** What reaches the store, as text. */
async function stored(ask: (intake: Intake) => Promise<unknown>): Promise<string> {
  const given: unknown[] = [];
  const record = new Proxy(
    {},
    {
      get:
        () =>
        async (...args: unknown[]) =>
          void given.push(args),
    },
  ) as Intake;
  await ask(safeIntake(record, { all: redactor([SECRET]), known: knownRedactor([SECRET]) }));
  return JSON.stringify(given);
}

async function expectSafe(...asks: ((intake: Intake) => Promise<unknown>)[]): Promise<void> {
  for (const ask of asks) {
    const text = await stored(ask);
    expect(text).not.toContain(SECRET);
    expect(text).toContain("redacted");
  }
}

it("what came in: kept without secrets, JSON or not, with every kind of request", async () => {
  for (const raw of [JSON.stringify({ [SECRET]: [TEXT] }), TEXT]) {
    const letter = { ...entry, raw };
    await expectSafe(
      (intake) => intake.submitRun(letter, request),
      (intake) => intake.receiveAlerts(letter, group),
      (intake) => intake.castVote(letter, { approval, voter, decision: "deny", via: "cli" }),
      (intake) => intake.answer(letter, { approval, voter, answer: "keep", via: "cli" }),
      (intake) => intake.closeIncident(letter, { by: alice, reason: "over" }),
      (intake) => intake.notice(letter, "C0OPS", "hello"),
      (intake) => intake.requestCancel(letter, RunId.parse(1), alice),
      (intake) => intake.freeze(letter, { by: alice, reason: "deploy" }),
      (intake) => intake.unfreeze(letter, alice),
      (intake) => intake.isFirst(letter),
    );
  }
});

it("callers: a name is text of others, too", async () => {
  const caller = { ...alice, name: TEXT };
  await expectSafe(
    (intake) => intake.submitRun(entry, { ...request, caller }),
    (intake) => intake.closeIncident(entry, { by: caller, reason: "over" }),
    (intake) => intake.requestCancel(entry, RunId.parse(1), caller),
    (intake) => intake.freeze(entry, { by: caller, reason: "deploy" }),
    (intake) => intake.unfreeze(entry, caller),
  );
});

it("reasons: of votes, answers, freezes and of closing", () =>
  expectSafe(
    (intake) => intake.castVote(entry, { approval, voter, decision: "deny", via: "cli", reason: TEXT }),
    (intake) => intake.answer(entry, { approval, voter, answer: "keep", via: "cli", reason: TEXT }),
    (intake) => intake.closeIncident(entry, { by: alice, reason: TEXT }),
    (intake) => intake.freeze(entry, { by: alice, reason: TEXT }),
  ));

it("parameters: of a run that people ask for", () =>
  expectSafe((intake) => intake.submitRun(entry, { ...request, params: { note: TEXT } })));

it("notices: their text", () => expectSafe((intake) => intake.notice(entry, "C0OPS", TEXT)));

const alertWith = (more: object): AlertRequest => ({
  ...group,
  notification: {
    ...group.notification,
    alerts: group.notification.alerts.map((alert) => ({ ...alert, ...more })),
  },
});
const groupWith = (more: object): AlertRequest => ({
  ...group,
  notification: { ...group.notification, ...more },
});
const expectSafeAlerts = (...requests: AlertRequest[]) =>
  expectSafe(...requests.map((asked) => (intake: Intake) => intake.receiveAlerts(entry, asked)));

it("labels: of an alert, their values and names", () =>
  expectSafeAlerts(
    alertWith({ labels: { ...labels, of: TEXT } }),
    alertWith({ labels: { ...labels, [TEXT]: "x" } }),
  ));

it("annotations: of an alert", () => expectSafeAlerts(alertWith({ annotations: { summary: TEXT } })));

it("links: to an alert's source", () =>
  expectSafeAlerts(alertWith({ generatorURL: `http://p/?x=${SECRET}` })));

it("groups: key, receiver, link, and what their alerts share", () =>
  expectSafeAlerts(
    groupWith({ groupKey: TEXT }),
    groupWith({ receiver: TEXT }),
    groupWith({ externalURL: TEXT }),
    groupWith({ groupLabels: { of: TEXT } }),
    groupWith({ commonLabels: { of: TEXT } }),
    groupWith({ commonAnnotations: { summary: TEXT } }),
  ));

it("severity, notes and remarks: words that were made of an alert's", () =>
  expectSafeAlerts({ ...group, severity: TEXT }, { ...group, notes: [TEXT] }, { ...group, remarks: [TEXT] }));

it("runs of alerts: parameters, and the alert that asked for them", () => {
  const started = (more: object): AlertRequest => ({
    ...group,
    runs: [{ ...run, alert: { labels, annotations: {} }, ...more }],
  });
  return expectSafeAlerts(
    started({ params: { note: TEXT } }),
    started({ alert: { labels: { of: TEXT }, annotations: {} } }),
    started({ alert: { labels, annotations: { summary: TEXT } } }),
  );
});
