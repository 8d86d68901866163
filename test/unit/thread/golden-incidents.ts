import { RunId } from "../../../src/core/words/ids.ts";
import type { ThreadView } from "../../../src/core/words/view.ts";
import { approval, at, EXHAUSTED, incident, remedy, run, thread } from "./views.ts";

/** Threads of incidents, by the name of their file under test/fixtures/golden/thread. */
export const INCIDENTS: Readonly<Record<string, ThreadView>> = {
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
