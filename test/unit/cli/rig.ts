import { z } from "zod";
import { buildCli } from "../../../src/cli/cli.ts";
import type { AnswerAsk, CliDeps, RecordAsk, RunAsk, TestAsk, VoteAsk } from "../../../src/cli/deps.ts";
import { whoIs } from "../../../src/cli/who.ts";
import { actionsOn } from "../../../src/core/words/action.ts";
import { AlertSettings } from "../../../src/core/words/alert.ts";
import { DiagError } from "../../../src/core/words/errors.ts";
import { ApprovalId, PrincipalId, RunId, ThreadId } from "../../../src/core/words/ids.ts";
import { connectionKind } from "../../../src/core/words/kind.ts";
import { Limits } from "../../../src/core/words/limits.ts";
import { Policy } from "../../../src/core/words/policy.ts";
import type { Route } from "../../../src/core/words/route.ts";
import type { RunView } from "../../../src/core/words/view.ts";
import { routed } from "../../../src/ingress/routing/route-alerts.ts";
import { runbookOn } from "../../../src/sdk/runbook.ts";
import { makeSystem } from "../../make/system.ts";

const on = actionsOn<unknown>("postgres");
const empty = z.object({});
export const usage = on.read({
  name: "postgres.connection-usage",
  title: "connections",
  input: empty,
  output: z.object({ used: z.number() }),
  run: async () => ({ used: 1 }),
});
export const terminate = on.write({
  name: "postgres.terminate-sessions",
  title: "terminate",
  input: empty,
  output: empty,
  class: "guarded",
  risk: "high",
  target: () => "sessions",
  preview: async () => ({ changes: [], witness: {} }),
  run: async () => ({}),
  probe: async () => ({ verdict: "unknown", evidence: "" }),
  undo: "none: clients connect again",
});

export const poolRunbook = runbookOn(
  "postgres",
  {
    id: "pg-pool-exhausted",
    title: "Postgres connection pool exhausted",
    covers: ["sergas-agents.pool-exhausted"],
    alerts: ["HighLatency"],
    params: z.object({ idleMinutes: z.int().min(1).default(10).describe("idle for longer than this") }),
  },
  () => ({ usage: usage() }),
)
  .remedies({})
  .findings(() => []);

/** A runbook whose one remedy ends like this. */
export function remedyOf({ undo, within }: { undo: string; within: string }) {
  const book = runbookOn("postgres", { id: "r", title: "R", params: z.object({}) }, () => ({
    usage: usage(),
  }));
  const fix = book.does(terminate, [], () => ({}), { title: "fix it", within: within as "30s" });
  return book.remedies({ fix: { ...fix, undo: undo as "actions" } }).findings(() => []);
}

export const people = [
  { id: PrincipalId.parse("alice"), roles: ["oncall"], slack: ["U0ALICE"], login: ["alice"] },
  { id: PrincipalId.parse("bob"), roles: ["dba"], slack: [], login: ["bob@web1"] },
];
const postgresKind = connectionKind({
  name: "postgres",
  settings: z.strictObject({ url: z.string() }),
  connector: { actions: [usage.action, terminate.action], open: () => ({}), close: async () => {} },
});
const systems = [
  makeSystem("shop", {
    channel: "C0SHOP",
    match: [{ service: "checkout" }],
    connections: { db: { kind: "postgres", url: "postgres://h/d" } },
  }),
];
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

export interface Spoken {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command line over a deps of one system, one runbook and one run; what was asked of it is in `asked`. */
export function rig(more: Partial<CliDeps> = {}, account = "alice", routes: readonly Route[] = []) {
  const asked = {
    submit: [] as RunAsk[],
    votes: [] as VoteAsk[],
    answers: [] as AnswerAsk[],
    records: [] as RecordAsk[],
    tests: [] as TestAsk[],
    incidents: [] as { incident: string; reason: string }[],
    asks: [] as { command: string; words: readonly string[] }[],
    inline: [] as number[],
    served: [] as string[],
    closed: 0,
  };
  const deps: CliDeps = {
    redact: (text) => text,
    cwd: () => "/nowhere",
    shipped: () => [poolRunbook],
    knowledge: async () => ({ runbooks: [poolRunbook], leftOut: [], warnings: [] }),
    kinds: () => [postgresKind],
    config: () => ({ systems, people, routes, path: "/etc/diagbot.yaml", warnings: [] }),
    who: () => whoIs({ name: account, host: "web1" }, people, { sudo: ["root"] }),
    submit: async (ask) => {
      asked.submit.push(ask);
      return RunId.parse(42);
    },
    ask: async (command, words) => {
      asked.asks.push({ command, words });
      const freeze = "type `/diag unfreeze yes` or `/diag shop pg-locks`";
      return { title: "Newest runs", sections: [{ kind: "text", text: freeze }], data: { runs: [] } };
    },
    run: async (id) => (id === 42 ? waitingRun() : undefined),
    queueTakes: async () => true,
    hasWorker: async () => true,
    waitForRun: async () => waitingRun(),
    workInline: async (id) => {
      asked.inline.push(id);
      return waitingRun({ status: "succeeded", findings: [], remedies: [] });
    },
    record: async (_view, ask) => {
      asked.records.push(ask);
      return { file: ask.file ?? "recordings/pg-pool-exhausted/healthy.yaml", findings: [] };
    },
    testRecordings: async (ask) => {
      asked.tests.push(ask);
      return [{ file: "recordings/a.yaml", result: "same", lines: [] }];
    },
    vote: async (ask) => {
      asked.votes.push(ask);
      return { state: "approved", need: 2, have: 2 };
    },
    answer: async (ask) => {
      asked.answers.push(ask);
      return { decided: true, need: 1, have: 1 };
    },
    auditVerify: async () => ({ rows: 3, checkpoints: 0, head: { seq: 3, hash: "ab" } }),
    migrate: async () => ["0001-runs.sql"],
    doctor: async () => [{ name: "Postgres", state: "ok", detail: "15.8" }],
    closeIncident: async (ask) => {
      asked.incidents.push(ask);
      return "Incident #12 is closed";
    },
    route: async (notification) =>
      routed(
        {
          kinds: [postgresKind],
          runbooks: [poolRunbook],
          systems,
          people,
          policies: {},
          limits: Limits.parse({}),
          alerts: AlertSettings.parse({}),
          routes,
          channel: "C0OPS",
        },
        notification,
      ),
    serve: async (role) => void asked.served.push(role),
    close: async () => {
      asked.closed += 1;
    },
    ...more,
  };
  const cli = buildCli({ deps, version: "1.2.3" });
  const say = async (...argv: string[]): Promise<Spoken> => {
    let [out, err] = ["", ""];
    const code = await cli(argv, {
      stdout: (text) => {
        out += text;
      },
      stderr: (text) => {
        err += text;
      },
    });
    return { code, out, err };
  };
  return { say, asked };
}

export const refusing =
  (code: ConstructorParameters<typeof DiagError>[0], message: string, hint?: string) => () => {
    throw new DiagError(code, message, hint === undefined ? {} : { hint });
  };
