import type { LevelView } from "../../../src/core/words/escalation.ts";
import { RunId } from "../../../src/core/words/ids.ts";
import type { ThreadView } from "../../../src/core/words/view.ts";
import { approval, at, EXHAUSTED, incident, remedy, run, thread } from "../../make/views.ts";

const ESCALATED: readonly LevelView[] = [
  {
    turn: 0,
    level: 0,
    target: { usergroup: "S0ONCALL" },
    because: "severity",
    at: at(1_400),
    state: "shown",
  },
  {
    turn: 0,
    level: 1,
    target: { webhook: "pager" },
    because: "severity",
    at: at(800),
    state: "failed",
    said: "HTTP 400: <!here> no such *key*",
  },
  { turn: 0, level: 2, target: { user: "U0BOB" }, because: "waiting", at: at(700), state: "shown" },
  { turn: 0, level: 3, target: { channel: "C0LEADS" }, because: "waiting", at: at(600), state: "shown" },
  { turn: 0, level: 4, target: { webhook: "mail" }, because: "waiting", at: at(500), state: "unknown" },
  { turn: 0, level: 5, target: { webhook: "hook" }, because: "waiting", at: at(400), state: "withdrawn" },
];

/** Threads of incidents, by the name of their file under test/fixtures/golden/thread. */
export const INCIDENTS: Readonly<Record<string, ThreadView>> = {
  "incident-in-maintenance": thread([], {
    incident: incident({ runsDueAt: at(-60) }),
    freeze: {
      system: "sergas-agents",
      quiet: true,
      by: "carol",
      reason: "upgrade",
      since: at(600),
      until: at(-3000),
    },
  }),
  "incident-after-a-change": thread(
    [run({ status: "running", caller: { via: "alert", name: "DiskFull" } })],
    {
      incident: incident({
        changes: [
          { system: "orders", kind: "rollback", title: "orders 1.41.9", at: at(-300), by: "bob" },
          {
            ...{ system: "orders", kind: "deploy", title: "orders 1.42.0", at: at(4000), by: "alice" },
            link: "https://ci.example.com/builds/42",
          },
        ],
      }),
    },
  ),
  incident: thread(
    [
      run({
        status: "waiting",
        caller: { via: "alert", name: "PostgresTooManyConnections" },
        alert: { labels: { alertname: "PostgresTooManyConnections" }, annotations: {} },
        findings: [EXHAUSTED],
        remedies: [remedy()],
      }),
    ],
    { incident: incident() },
  ),
  "incident-escalated": thread(
    [
      run({
        status: "waiting",
        caller: { via: "alert", name: "PostgresTooManyConnections" },
        findings: [EXHAUSTED],
        remedies: [remedy()],
      }),
    ],
    { incident: incident({ escalation: { turn: 0, since: at(2_000), levels: ESCALATED.slice(0, 2) } }) },
  ),
  "incident-acknowledged": thread([run({ status: "waiting", findings: [EXHAUSTED], remedies: [remedy()] })], {
    incident: incident({
      escalation: {
        turn: 0,
        since: at(4_000),
        levels: ESCALATED,
        answered: { how: "ack", by: "alice", words: "restarting <!channel> the *importer*", at: at(200) },
      },
    }),
  }),
  "incident-of-harm": thread([run({ findings: [EXHAUSTED] })], {
    incident: incident({
      escalation: {
        ...{ turn: 0, since: at(2_000), damage: [{ kind: "data-loss", since: at(900) }] },
        levels: [
          {
            ...{ turn: 0, level: 0, target: { webhook: "helpdesk" }, because: "damage", damage: "data-loss" },
            ...{ at: at(890), state: "sent", said: "opened OPS-7" },
            ticket: { id: "OPS-<!here>7", link: "https://tracker.example.com/browse/OPS-7?a=1&b=2" },
          },
          {
            ...{ turn: 0, level: 1, target: { user: "U0BOB" }, because: "damage", damage: "data-loss" },
            ...{ at: at(290), state: "shown" },
          },
        ],
      },
    }),
  }),
  "incident-to-be-escalated": thread([run({ findings: [EXHAUSTED] })], {
    incident: incident({ escalation: { turn: 0, since: at(100), levels: [] } }),
  }),
  "incident-checklist": thread([], {
    incident: incident(),
    checklists: [
      {
        id: "triage",
        title: "Triage <!here>",
        openedBy: "its route",
        at: at(280),
        items: [
          {
            text: "Check the error logs",
            runbook: "logs-search",
            done: { by: "run #42", at: at(200), run: 42 },
          },
          { text: "Check the cache", runbook: "redis-connectivity" },
          { text: "Review *deployments* of <@U0EVIL> `now`", done: { by: "alice", at: at(100) } },
          { text: "Schedule the post-mortem" },
        ],
      },
    ],
  }),
  "incident-flapping": thread(
    [
      run({
        id: RunId.parse(41),
        supersededBy: RunId.parse(42),
        endedAt: at(100),
        findings: [EXHAUSTED],
        remedies: [
          remedy({
            status: "void",
            note: "Run #42 looks at this now and asks instead",
            approval: approval({
              state: "void",
              voidBecause: ["Run #42 looks at this now and asks instead"],
            }),
          }),
        ],
      }),
      run({
        status: "waiting",
        createdAt: at(60),
        lookedAgainAt: at(30),
        findings: [
          { ...EXHAUSTED, evidence: [] },
          { ...EXHAUSTED, id: "gone", evidence: [], goneAt: at(30) },
        ],
        remedies: [remedy({ note: "Planned again: new: terminate session 4712 (app orders, idle 21 min)" })],
      }),
    ],
    {
      incident: incident({
        reopenings: [
          { n: 1, at: at(61), announced: true },
          { n: 2, at: at(40), announced: false },
        ],
        runsDueAt: at(-240),
      }),
    },
  ),
  "incident-over": thread(
    [
      run({
        endedAt: at(20),
        findings: [{ ...EXHAUSTED, evidence: [], goneAt: at(30) }],
        remedies: [
          remedy({
            status: "void",
            note: "No longer there: the alert is resolved, everything was looked at again",
            approval: approval({ state: "void" }),
          }),
        ],
      }),
    ],
    {
      incident: incident({
        status: "resolved",
        resolvedAt: at(40),
        closed: { by: "alice", reason: "silenced for the *migration*" },
      }),
    },
  ),
  "incident-stale": thread([run({ endedAt: at(100) })], {
    incident: incident({ staleAt: at(10), lastSeenAt: at(50_000) }),
  }),
  "incident-resolved": thread([], {
    incident: incident({
      status: "resolved",
      firing: 0,
      resolved: 1,
      truncated: 0,
      resolvedAt: at(5),
      alerts: [],
      system: undefined as never,
    }),
  }),
};
