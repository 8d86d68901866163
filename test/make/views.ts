import type { Evidence } from "../../src/core/words/evidence.ts";
import type { RecordedFinding } from "../../src/core/words/finding.ts";
import { ApprovalId, IncidentId, PrincipalId, RunId, ThreadId } from "../../src/core/words/ids.ts";
import type { Plan } from "../../src/core/words/plan.ts";
import type { Principal } from "../../src/core/words/policy.ts";
import type {
  ApprovalView,
  IncidentView,
  RemedyView,
  RunView,
  StepView,
  ThreadView,
} from "../../src/core/words/view.ts";

export const NOW = new Date("2026-11-22T03:10:00Z");
export const at = (secondsBefore: number): Date => new Date(NOW.getTime() - secondsBefore * 1000);

export const PEOPLE: readonly Principal[] = [
  { id: PrincipalId.parse("alice"), roles: ["oncall"], slack: ["U0ALICE"] },
  { id: PrincipalId.parse("bob"), roles: ["oncall", "dba"], slack: ["U0BOB"] },
  { id: PrincipalId.parse("carol"), roles: ["dba"], slack: [] },
];

export const step = (name: string, title: string, more: Partial<StepView> = {}): StepView => ({
  name,
  title,
  phase: "diagnose",
  stage: 0,
  action: "postgres.connection-usage",
  effect: "read",
  on: "postgres",
  input: {},
  state: "succeeded",
  epoch: 1,
  startedAt: at(120),
  durationMs: 340,
  ...more,
});

export const SERIES: Evidence = {
  kind: "series",
  title: "Connections in use, last hour",
  unit: "ratio",
  threshold: 0.8,
  series: [
    {
      name: "used",
      points: Array.from({ length: 60 }, (_, i) => [
        1_795_000_000 + i * 60,
        i > 20 && i < 25 ? null : 0.4 + i / 100,
      ]),
    },
  ],
};

export const EXHAUSTED: RecordedFinding = {
  id: "pool-exhausted",
  severity: "critical",
  title: "97 of 97 usable connections are in use",
  because:
    "61 of them belong to `orders` and have been idle for more than 10 minutes: a client does not return them.",
  evidence: [
    {
      kind: "facts",
      facts: [
        { name: "used", value: "97 of 97" },
        { name: "reserved", value: "3" },
      ],
    },
    {
      kind: "table",
      title: "Connections by client",
      columns: ["client", "state", "count", "oldest"],
      rows: [
        ["orders", "idle", "61", "22 min"],
        ["checkout-worker-with-a-long-name", "active", "30", "4 s"],
        ["psql", "idle in transaction", "6", "3 h 20 min"],
      ],
    },
    SERIES,
  ],
  remedies: ["terminateIdle", "raiseMaxConnections"],
};

export const PLAN: Plan = {
  version: 1,
  run: 42,
  system: "sergas-agents",
  runbook: "pg-pool-exhausted",
  remedy: "terminateIdle",
  title: "Terminate idle sessions",
  risk: "high",
  calls: [
    {
      action: "postgres.terminate-sessions",
      on: "postgres",
      input: { sessions: [] },
      class: "guarded",
      risk: "high",
      target: "sessions",
      changes: [
        "terminate session 4711 (app orders, idle 22 min)",
        "terminate session 4712 (app orders, idle 21 min)",
      ],
      witness: {},
      timeoutSeconds: 10,
    },
  ],
  verifyWithin: "30s",
  undo: "none: clients reconnect",
};

export const approval = (more: Partial<ApprovalView> = {}): ApprovalView => ({
  id: ApprovalId.parse("0123456789abcdef0123456789abcdef"),
  state: "pending",
  planSha256: "5ca1ab1e".repeat(8),
  policy: { approvals: 1, from: ["oncall"], self: false, expires: 1_800_000, execute: 600_000, undo: "ask" },
  requester: PrincipalId.parse("alice"),
  requestedAt: at(100),
  expiresAt: at(-1700),
  need: 1,
  votes: [],
  ...more,
});

export const remedy = (more: Partial<RemedyView> = {}): RemedyView => ({
  key: "terminateIdle",
  title: "Terminate idle sessions",
  risk: "high",
  status: "waiting",
  plan: PLAN,
  planSha256: "5ca1ab1e".repeat(8),
  approval: approval(),
  attempts: [],
  answers: [],
  ...more,
});

export const ADVICE: RemedyView = {
  key: "raiseMaxConnections",
  title: "Raise max_connections",
  risk: "high",
  status: "advice",
  advice: "Needs a restart of Postgres: plan it with the owners, or put pgbouncer in front.",
  attempts: [],
  answers: [],
};

export const run = (more: Partial<RunView> = {}): RunView => ({
  id: RunId.parse(42),
  system: "sergas-agents",
  runbook: "pg-pool-exhausted",
  title: "Postgres connection pool exhausted",
  status: "succeeded",
  caller: {
    via: "slack",
    name: "alice",
    principal: PrincipalId.parse("alice"),
    slack: { team: "T0LOCAL", user: "U0ALICE" },
  },
  params: {},
  connections: { postgres: "postgres" },
  thread: ThreadId.parse(7),
  createdAt: at(130),
  startedAt: at(125),
  stagesPlanned: 1,
  diagnosed: true,
  dryRun: false,
  steps: [
    step("usage", "connection usage"),
    step("clients", "connections by client"),
    step("idle", "idle sessions"),
  ],
  findings: [],
  remedies: [],
  ...more,
});

export const thread = (runs: readonly RunView[], more: Partial<ThreadView> = {}): ThreadView => ({
  id: ThreadId.parse(7),
  channel: "C0SERGAS",
  runs,
  writes: [],
  ...more,
});

const alert = (instance: string, status: "firing" | "resolved" = "firing") => ({
  labels: {
    alertname: "PostgresTooManyConnections",
    namespace: "production",
    job: "sergas-agents",
    instance,
  },
  annotations: { summary: "More than 80 % of the connections are in use" },
  status,
  startsAt: at(300),
  generatorURL: "",
});

export const incident = (more: Partial<IncidentView> = {}): IncidentView => ({
  id: IncidentId.parse(3),
  title: "PostgresTooManyConnections",
  system: "sergas-agents",
  severity: "critical",
  status: "firing",
  openedAt: at(290),
  lastSeenAt: at(20),
  receiver: "diagbot",
  externalURL: "http://alertmanager:9093",
  truncated: 2,
  remarks: [],
  firing: 3,
  resolved: 1,
  deliveries: 2,
  reopenings: [],
  alerts: [alert("db-1:9187"), alert("db-2:9187"), alert("db-3:9187"), alert("db-4:9187", "resolved")],
  ...more,
});
