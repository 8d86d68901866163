import { ApprovalId, PrincipalId, RunId, ThreadId } from "../../../src/core/words/ids.ts";
import { Policy } from "../../../src/core/words/policy.ts";
import type { RunView } from "../../../src/core/words/view.ts";

const at = (second: number) => new Date(Date.UTC(2026, 10, 22, 10, 0, second));

/** A run that waits for a human, with text from outside that tries to play with the terminal. */
export function waitingRun(more: Partial<RunView> = {}): RunView {
  return {
    id: RunId.parse(42),
    system: "shop",
    runbook: "pg-pool-exhausted",
    title: "Postgres connection pool exhausted",
    status: "waiting",
    caller: { via: "cli", name: "alice", principal: PrincipalId.parse("alice") },
    params: { idleMinutes: 10 },
    connections: { postgres: "db" },
    thread: ThreadId.parse(7),
    createdAt: at(0),
    startedAt: at(1),
    stagesPlanned: 1,
    diagnosed: true,
    dryRun: false,
    steps: [
      step("usage", "postgres.connection-usage", { state: "succeeded", durationMs: 12, startedAt: at(1) }),
      step("clients", "postgres.connections-by-client", {
        state: "errored",
        durationMs: 2_003,
        startedAt: at(1),
        error: { code: "target_refused", message: "sorry, too many clients already", detail: "53300" },
      }),
    ],
    findings: [
      {
        id: "pool-full",
        severity: "critical",
        title: "97 of 97 connections are used",
        because: "Sessions sit idle; the pool of orders\u001b[2K\u001b[1A never gives them back.",
        evidence: [
          {
            kind: "table",
            title: "by client",
            columns: ["client", "sessions", "idle"],
            rows: [
              ["orders", "80", "22 min"],
              ["billing \u202egnp.exe", "9", "–"],
            ],
          },
          {
            kind: "facts",
            facts: [
              { name: "used", value: "97" },
              { name: "usable", value: "97" },
            ],
          },
          {
            kind: "series",
            title: "connections",
            unit: "count",
            series: [
              {
                name: "used",
                points: [
                  [1, 10],
                  [2, null],
                  [3, 50],
                  [4, 97],
                ],
              },
            ],
          },
        ],
        remedies: ["terminateIdle"],
      },
    ],
    remedies: [
      {
        key: "terminateIdle",
        title: "Terminate idle sessions",
        risk: "high",
        status: "waiting",
        answers: [],
        attempts: [],
        planSha256: "3f2a".repeat(16),
        plan: {
          version: 1,
          run: 42,
          system: "shop",
          runbook: "pg-pool-exhausted",
          remedy: "terminateIdle",
          title: "Terminate idle sessions",
          risk: "high",
          calls: [
            {
              action: "postgres.terminate-sessions",
              on: "db",
              input: {},
              class: "guarded",
              risk: "high",
              target: "sessions",
              changes: ["terminate session 4711 (app orders, idle 22 min)"],
              witness: {},
              timeoutSeconds: 10,
            },
          ],
          verifyWithin: "30s",
          undo: "none: clients reconnect",
        },
        approval: {
          id: ApprovalId.parse("0".repeat(32)),
          state: "pending",
          planSha256: "3f2a".repeat(16),
          policy: Policy.parse({ approvals: 2, from: ["oncall", "dba"], self: false }),
          requestedAt: at(2),
          expiresAt: at(50),
          need: 2,
          votes: [{ principal: PrincipalId.parse("bob"), decision: "approve", reason: "go on", at: at(9) }],
        },
      },
      {
        key: "raiseMaxConnections",
        title: "Raise max_connections",
        risk: "high",
        status: "advice",
        advice: "Set max_connections = 200 and restart.",
        answers: [],
        attempts: [],
      },
    ],
    ...more,
  } as RunView;
}

const step = (name: string, action: string, more: object) => ({
  ...{ name, action, phase: "diagnose", stage: 0, title: "", effect: "read", on: "db", input: {}, epoch: 0 },
  ...more,
});
