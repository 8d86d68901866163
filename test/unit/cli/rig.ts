import { z } from "zod";
import { buildCli } from "../../../src/cli/cli.ts";
import type { AnswerAsk, CliDeps, RecordAsk, RunAsk, TestAsk, VoteAsk } from "../../../src/cli/deps.ts";
import { whoIs } from "../../../src/cli/who.ts";
import { actionsOn } from "../../../src/core/words/action.ts";
import { AlertSettings } from "../../../src/core/words/alert.ts";
import { DiagError } from "../../../src/core/words/errors.ts";
import { PrincipalId, RunId } from "../../../src/core/words/ids.ts";
import { connectionKind } from "../../../src/core/words/kind.ts";
import { Limits } from "../../../src/core/words/limits.ts";
import type { Route } from "../../../src/core/words/route.ts";
import { parseNotification } from "../../../src/ingress/alertmanager/notification.ts";
import { routed } from "../../../src/ingress/routing/route-alerts.ts";
import { runbookOn } from "../../../src/sdk/runbook.ts";
import { makeSystem } from "../../make/system.ts";
import { waitingRun } from "./waiting-run.ts";

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
    knowledge: async () => ({
      kinds: [postgresKind],
      runbooks: [poolRunbook],
      packs: [],
      leftOut: [],
      warnings: [],
    }),
    kinds: () => [postgresKind],
    lockPacks: () => [{ name: "./runbooks", sha256: "ab".repeat(32) }],
    config: async () => ({ systems, people, routes, path: "/etc/diagbot.yaml", warnings: [] }),
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
    auditVerify: async () => ({
      ...{ rows: 3, unchained: 0, checkpoints: 0, head: { seq: 3, hash: "ab" } },
      archived: { rows: 0, read: false },
    }),
    archive: async () => ({ removed: 0 }),
    keepsAuditMs: () => undefined,
    migrate: async () => ["0001-runs.sql"],
    doctor: async () => [{ name: "Postgres", state: "ok", detail: "15.8" }],
    closeIncident: async (ask) => {
      asked.incidents.push(ask);
      return "Incident #12 is closed";
    },
    route: async (body) => {
      const { notification } = await parseNotification(body);
      const catalog = {
        ...{
          kinds: [postgresKind],
          runbooks: [poolRunbook],
          systems,
          people,
          policies: {},
          limits: Limits.parse({}),
        },
        ...{ alerts: AlertSettings.parse({}), routes, channel: "C0OPS" },
      };
      return { heartbeats: [], groups: [routed(catalog, notification)] };
    },
    serve: async (role) => void asked.served.push(role),
    close: async () => {
      asked.closed += 1;
    },
    ...more,
  };
  const cli = buildCli({ load: async () => deps, version: "1.2.3" });
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
