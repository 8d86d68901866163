import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll } from "vitest";
import { catalogOf, knowledgeOf } from "../../../src/app/knowledge.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { kinds } from "../../../src/connectors/index.ts";
import type { Catalog } from "../../../src/core/ports/catalog.ts";
import { connectorsOf } from "../../../src/core/rules/connections.ts";
import type { Answer } from "../../../src/core/words/answer.ts";
import { ApprovalId, type RunId } from "../../../src/core/words/ids.ts";
import type { RemedyView, RunView } from "../../../src/core/words/view.ts";
import type { CrashPoint } from "../../../src/engine/deps.ts";
import { createEngine, type Engine } from "../../../src/engine/engine.ts";
import { createTargets, type Targets } from "../../../src/engine/targets.ts";
import { checkRun } from "../../../src/ingress/check-run.ts";
import { createStore, openPool, type Pool, type Store } from "../../../src/store/index.ts";
import { freshDatabase } from "../../helpers/database.ts";
import { entry } from "../../helpers/engine-bench.ts";
import { until } from "../../helpers/until.ts";

/** diagbot with a diagbot.yaml of JSON, as one deployment after another over the same database. */
export interface CommandRig {
  deploy(file: object): Promise<Deployed>;
}

export interface Deployed {
  readonly catalog: Catalog;
  readonly engine: Engine;
  /** Another worker; `crash` may throw at a named point. */
  worker(crash: (point: CrashPoint) => void): Engine;
  /** Asks as words of a person, and moves it as far as it goes. */
  run(runbook: string, words?: Readonly<Record<string, string>>): Promise<RunView>;
  /** One vote of bob, and on. */
  approve(run: RunId, remedy: string): Promise<RemedyView>;
  /** One vote of bob; the worker that carries it out dies. Leases and deadlines of what it left are over then. */
  approveWith(dead: Engine, run: RunId, remedy: string): Promise<void>;
  /** As far as it goes. */
  settle(run: RunId, remedy: string): Promise<RemedyView>;
  answer(run: RunId, remedy: string, answer: Answer): Promise<RemedyView>;
  view(run: RunId): Promise<RunView>;
}

const PEOPLE = {
  people: { alice: { roles: ["oncall"] }, bob: { roles: ["oncall"] } },
  policies: {
    low: { approvals: 1, from: ["oncall"] },
    high: { approvals: 1, from: ["oncall"] },
    destructive: { approvals: 1, from: ["oncall"] },
  },
  limits: { writesPerSystemHour: 1000 },
  slack: { channel: "C0OPS" },
};

const BUSY = new Set(["planned", "waiting", "approved", "applying", "verifying", "undoing"]);

/** To be called once per test file. */
export function commandRig(label: string): CommandRig {
  let pool: Pool;
  let store: Store;
  let drop = async (): Promise<void> => {};
  const opened: Targets[] = [];
  const folder = mkdtempSync(join(tmpdir(), "diagbot-command-rig-"));
  beforeAll(async () => {
    const database = await freshDatabase(label);
    drop = database.drop;
    pool = openPool(database.url);
    store = createStore(pool, () => {}, { didNotAfterMs: 0 });
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await Promise.all(opened.map((targets) => targets.close()));
    await pool.end();
    await drop();
  });
  return {
    deploy: async (file) => {
      // JSON is YAML.
      writeFileSync(join(folder, "diagbot.yaml"), JSON.stringify({ ...PEOPLE, ...file }));
      const config = loadConfig({ env: { DATABASE_URL: "postgres://x/y" }, cwd: folder, kinds });
      const catalog = catalogOf(config, knowledgeOf(config));
      return deployed({ store, pool }, catalog, opened);
    },
  };
}

function deployed(
  { store, pool }: { store: Store; pool: Pool },
  catalog: Catalog,
  opened: Targets[],
): Deployed {
  const worker = (crash: (point: CrashPoint) => void = () => {}): Engine => {
    const targets = createTargets(connectorsOf(kinds));
    opened.push(targets);
    return createEngine(
      {
        store: store.runs,
        catalog,
        targets,
        redact: (text) => text,
        redactKnown: (text) => text,
        logger: pino({ level: "silent" }),
        events: { step: () => {}, remedy: () => {}, run: () => {}, leaseLost: () => {} },
        crash,
      },
      { worker: `w${opened.length}`, leaseMs: 1_000 },
    );
  };
  const engine = worker();
  const view = async (run: RunId): Promise<RunView> => {
    const seen = await store.reader.run(run);
    if (seen === undefined) throw new Error(`no run ${run}`);
    return seen;
  };
  const remedyOf = async (run: RunId, key: string): Promise<RemedyView> => {
    const found = (await view(run)).remedies.find((remedy) => remedy.key === key);
    if (found === undefined) throw new Error(`no remedy ${key}`);
    return found;
  };
  const bob = catalog.people.find(({ id }) => id === "bob");
  if (bob === undefined) throw new Error("no bob");
  const vote = async (run: RunId, key: string) => {
    const approval = await approvalOf(run, key);
    await store.intake.castVote(entry(), { approval, voter: bob, decision: "approve", via: "cli" });
  };
  const settled = async (run: RunId, key: string): Promise<RemedyView> => {
    await until(async () => {
      await engine.advance(run);
      return !BUSY.has((await remedyOf(run, key)).status);
    });
    return remedyOf(run, key);
  };
  const approvalOf = async (run: RunId, key: string) =>
    ApprovalId.parse((await remedyOf(run, key)).approval?.id);
  return {
    catalog,
    engine,
    worker,
    view,
    run: async (runbook, words = {}) => {
      const asked = { system: "shop", runbook, params: words };
      const caller = { via: "cli" as const, name: "alice" };
      const request = checkRun(catalog, asked, { caller, channel: "C0OPS" });
      const { run } = await store.intake.submitRun(entry(), request);
      await engine.advance(run);
      return view(run);
    },
    settle: settled,
    approve: async (run, key) => {
      await vote(run, key);
      return settled(run, key);
    },
    approveWith: async (dead, run, key) => {
      await vote(run, key);
      await dead.advance(run);
      await pool.query("UPDATE run SET lease_until = now() - interval '1 s' WHERE id = $1", [run]);
      await pool.query(
        "UPDATE step SET effect_deadline = now() - interval '1 h' WHERE run_id = $1 AND state = 'executing'",
        [run],
      );
      await pool.query("UPDATE attempt SET deadline = now() - interval '1 h' WHERE run_id = $1", [run]);
    },
    answer: async (run, key, answer) => {
      const approval = await approvalOf(run, key);
      await store.intake.answer(entry(), { approval, voter: bob, answer, via: "cli" });
      return settled(run, key);
    },
  };
}
