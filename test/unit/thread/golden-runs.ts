import { PrincipalId } from "../../../src/core/words/ids.ts";
import type { ThreadView } from "../../../src/core/words/view.ts";
import { ADVICE, approval, at, EXHAUSTED, PLAN, remedy, run, step, thread } from "../../make/views.ts";

const bob = PrincipalId.parse("bob");
const approvedByBob = approval({
  state: "approved",
  decidedAt: at(60),
  votes: [{ principal: bob, decision: "approve", at: at(60) }],
});
const applied = step("terminateIdle/apply/1", "terminate sessions", {
  phase: "apply",
  remedy: "terminateIdle",
  effect: "write",
});
const verified = step("terminateIdle/verify/usage", "connection usage", {
  phase: "verify",
  remedy: "terminateIdle",
});
const broken = step("idle", "idle sessions", {
  state: "errored",
  error: { code: "target_refused", message: "sorry, too many clients already", detail: "53300" },
});
const base = run();

/** Threads of runs, by the name of their file under test/fixtures/golden/thread. */
export const RUNS: Readonly<Record<string, ThreadView>> = {
  healthy: thread([run({ endedAt: at(100) })]),
  running: thread([
    run({
      status: "running",
      diagnosed: false,
      steps: [
        base.steps[0]!,
        step("clients", "connections by client", { state: "executing" }),
        step("idle", "idle sessions", { state: "ready" }),
      ],
    }),
  ]),
  "waiting-for-approval": thread(
    [run({ status: "waiting", severity: "critical", findings: [EXHAUSTED], remedies: [remedy(), ADVICE] })],
    { freeze: { by: "carol", reason: "database upgrade", since: at(600), until: at(-3000) } },
  ),
  "approved-on-a-frozen-system": thread(
    [run({ status: "waiting", severity: "critical", findings: [EXHAUSTED], remedies: [remedy(), ADVICE] })],
    { freeze: { system: "sergas-agents", by: "carol", reason: "database upgrade", since: at(600) } },
  ),
  "auto-in-its-grace-time": thread([
    run({
      status: "waiting",
      caller: { via: "alert", name: "PostgresTooManyConnections" },
      severity: "critical",
      findings: [EXHAUSTED],
      remedies: [remedy({ approval: approval({ auto: { at: at(-30) } }) })],
    }),
  ]),
  "auto-asks-people": thread([
    run({
      status: "waiting",
      caller: { via: "alert", name: "PostgresTooManyConnections" },
      severity: "critical",
      findings: [EXHAUSTED],
      remedies: [
        remedy({ approval: approval({ auto: { note: "carol has stopped it", stoppedBy: "carol" } }) }),
      ],
    }),
  ]),
  "auto-did-not-help": thread([
    run({
      status: "failed",
      caller: { via: "alert", name: "PostgresTooManyConnections" },
      endedAt: at(20),
      severity: "critical",
      findings: [EXHAUSTED],
      steps: [...base.steps, applied, verified],
      remedies: [
        remedy({
          status: "failed",
          appliedAt: at(58),
          endedAt: at(25),
          note: "Not better within 30 s",
          approval: approval({
            state: "approved",
            decidedAt: at(60),
            auto: {
              note: "the policy auto is off for sergas-agents now, until somebody says `/diag auto on sergas-agents`",
            },
            votes: [
              {
                principal: PrincipalId.parse("policy auto"),
                auto: true,
                decision: "approve",
                reason: "1 of at most 3 within 60 min",
                at: at(60),
              },
            ],
          }),
        }),
      ],
    }),
  ]),
  "approved-but-frozen": thread(
    [
      run({
        status: "waiting",
        severity: "critical",
        findings: [EXHAUSTED],
        remedies: [
          remedy({
            status: "approved",
            approval: approval({
              state: "approved",
              executeBefore: at(-600),
              votes: [
                { principal: PrincipalId.parse("bob"), decision: "approve", account: "bob@web1", at: at(60) },
              ],
            }),
          }),
        ],
      }),
    ],
    { freeze: { by: "carol", reason: "database upgrade", since: at(600) } },
  ),
  "destructive-two-votes": thread([
    run({
      status: "waiting",
      findings: [EXHAUSTED],
      remedies: [
        remedy({
          risk: "destructive",
          title: "Drop the queue",
          approval: approval({
            need: 2,
            policy: {
              approvals: 2,
              from: ["oncall", "dba"],
              self: false,
              expires: 900_000,
              execute: 600_000,
              undo: "ask",
            },
            votes: [{ principal: bob, decision: "approve", reason: "owner agreed", at: at(30) }],
          }),
        }),
      ],
    }),
  ]),
  fixed: thread([
    run({
      endedAt: at(10),
      findings: [EXHAUSTED],
      steps: [...base.steps, applied, verified],
      remedies: [
        remedy({ status: "succeeded", approval: approvedByBob, appliedAt: at(50), endedAt: at(20) }),
        ADVICE,
      ],
    }),
  ]),
  "void-and-unknown": thread([
    run({
      status: "waiting",
      findings: [EXHAUSTED],
      remedies: [
        remedy({
          status: "void",
          note: "The sessions changed after the approval.",
          approval: approval({
            state: "void",
            voidBecause: ["sessions.0.pid: 4711 -> absent", "sessions.1.idle: 21 -> 2"],
          }),
        }),
        remedy({
          key: "restart",
          title: "Restart the pooler",
          status: "unknown",
          approval: approvedByBob,
          plan: { ...PLAN, remedy: "restart", undo: "actions" },
          attempts: [
            {
              step: "restart/apply/1",
              epoch: 3,
              worker: "w1",
              startedAt: at(40),
              deadline: at(30),
              outcome: "unknown",
              evidence: "the container restarted 2 s after the call; cause not known",
            },
          ],
        }),
        remedy({
          key: "denied",
          title: "Kill everything",
          status: "denied",
          approval: approval({
            state: "denied",
            decidedAt: at(5),
            votes: [{ principal: bob, decision: "deny", reason: "not at peak time", at: at(5) }],
          }),
        }),
        {
          key: "late",
          title: "Rotate the password",
          risk: "low",
          status: "skipped",
          note: "nothing to do: rotated today",
          answers: [],
          attempts: [],
        },
      ],
    }),
  ]),
  "in-force": thread(
    [
      run({
        status: "waiting",
        findings: [EXHAUSTED],
        steps: [...base.steps, applied, verified],
        remedies: [
          remedy({
            status: "succeeded",
            plan: { ...PLAN, undo: "actions", appliedFor: "45 min" },
            approval: approvedByBob,
            appliedAt: at(50),
            held: { until: at(-2600), ends: "undo" },
            answers: [{ principal: bob, answer: "extend", reason: "deploy is late", at: at(20) }],
          }),
          remedy({
            key: "other",
            title: "Shrink the pool",
            status: "failed",
            plan: { ...PLAN, undo: "actions" },
            approval: approvedByBob,
            held: { until: at(-600), ends: "keep" },
          }),
        ],
      }),
    ],
    { writes: [{ system: "sergas-agents", lastHour: 28, perHour: 30 }] },
  ),
  "another-has-helped": thread([
    run({
      status: "waiting",
      findings: [EXHAUSTED],
      steps: [...base.steps, applied, verified],
      remedies: [
        remedy({ status: "succeeded", approval: approvedByBob, appliedAt: at(50), endedAt: at(20) }),
        remedy({ key: "raiseMaxConnections", title: "Raise the limit" }),
      ],
    }),
  ]),
  "void-beside-fixed": thread([
    run({
      endedAt: at(10),
      findings: [EXHAUSTED],
      steps: [...base.steps, applied, verified],
      remedies: [
        remedy({ status: "succeeded", approval: approvedByBob, appliedAt: at(50), endedAt: at(20) }),
        remedy({ key: "raiseMaxConnections", title: "Raise the limit", status: "void" }),
      ],
    }),
  ]),
  notice: thread([], { notice: "A webhook of 20 MiB was refused: raise max_alerts or split the group." }),
  "checks-missing": thread([
    run({
      endedAt: at(100),
      steps: [base.steps[0]!, base.steps[1]!, broken],
      findings: [
        {
          id: "could-not-look",
          severity: "info",
          title: "Could not look at “Idle sessions” and the slow log",
          because: "Nothing is known about these; what is said of the rest does not speak for them.",
          evidence: [
            {
              kind: "text",
              text: "• “Idle sessions” on postgres: permission denied (42501)\n• the slow log on postgres: pg_stat_statements is missing. To see it: CREATE EXTENSION pg_stat_statements",
            },
          ],
          remedies: [],
        },
      ],
    }),
  ]),
  errored: thread([
    run({
      status: "errored",
      diagnosed: false,
      steps: [],
      endedAt: at(90),
      error: { code: "missing_connection", message: "the system has no connection of kind postgres" },
    }),
  ]),
};
