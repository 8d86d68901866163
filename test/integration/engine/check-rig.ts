import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll } from "vitest";
import { catalogOf, knowledgeOf } from "../../../src/app/knowledge.ts";
import { type Config, loadConfig } from "../../../src/config/load.ts";
import { kinds } from "../../../src/connectors/index.ts";
import type { Catalog } from "../../../src/core/ports/catalog.ts";
import { connectorsOf } from "../../../src/core/rules/connections.ts";
import { outcomeOfRun } from "../../../src/core/rules/run-outcome.ts";
import type { RunId } from "../../../src/core/words/ids.ts";
import type { RunView } from "../../../src/core/words/view.ts";
import { createEngine, type Engine } from "../../../src/engine/engine.ts";
import { createTargets, type Targets } from "../../../src/engine/targets.ts";
import { checkRun } from "../../../src/ingress/check-run.ts";
import { createStore, openPool, type Pool, type Store } from "../../../src/store/index.ts";
import { freshDatabase } from "../../helpers/database.ts";
import { entry } from "../../helpers/engine-bench.ts";

/** diagbot with a diagbot.yaml of its own, over a real database that is the system `shop`, too. */
export interface CheckRig {
  readonly pool: Pool;
  readonly store: Store;
  readonly config: Config;
  readonly catalog: Catalog;
  readonly engine: Engine;
  /** Asks for a runbook on `shop` and moves it to its end. */
  run(runbook: string): Promise<RunView & { outcome: string }>;
  view(run: RunId): Promise<RunView>;
}

/** To be called once per test file. `more`: what diagbot.yaml has besides the systems `shop` and `tools`. */
export function checkRig(label: string, more: string): CheckRig {
  let pool: Pool;
  let store: Store;
  let targets: Targets;
  let engine: Engine;
  let catalog: Catalog;
  let config: Config;
  let drop = async (): Promise<void> => {};
  const folder = mkdtempSync(join(tmpdir(), "diagbot-check-rig-"));

  beforeAll(async () => {
    const database = await freshDatabase(label);
    drop = database.drop;
    pool = openPool(database.url);
    store = createStore(pool, () => {});
    writeFileSync(
      join(folder, "diagbot.yaml"),
      `slack: { channel: C0OPS }\nsystems:\n  shop: { connections: { db: { kind: postgres, url: "\${DATABASE_URL}" } } }\n  tools: { connections: { other: { kind: postgres, url: "\${DATABASE_URL}" } } }\n${more}`,
    );
    config = loadConfig({ env: { DATABASE_URL: database.url }, cwd: folder, kinds });
    catalog = catalogOf(config, knowledgeOf(config));
    targets = createTargets(connectorsOf(kinds));
    engine = createEngine(
      {
        store: store.runs,
        catalog,
        targets,
        redact: (text) => text,
        redactKnown: (text) => text,
        logger: pino({ level: "silent" }),
        events: { step: () => {}, remedy: () => {}, run: () => {}, leaseLost: () => {} },
        crash: () => {},
      },
      { worker: "w1", leaseMs: 5_000 },
    );
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await targets.close();
    await pool.end();
    await drop();
  });

  const view = async (run: RunId): Promise<RunView> => {
    const seen = await store.reader.run(run);
    if (seen === undefined) throw new Error(`no run ${run}`);
    return seen;
  };
  return {
    get pool() {
      return pool;
    },
    get store() {
      return store;
    },
    get config() {
      return config;
    },
    get catalog() {
      return catalog;
    },
    get engine() {
      return engine;
    },
    view,
    run: async (runbook) => {
      const asked = { system: "shop", runbook, params: {} };
      const request = checkRun(catalog, asked, { caller: { via: "cli", name: "ann" }, channel: "C0OPS" });
      const { run } = await store.intake.submitRun(entry(), request);
      await engine.advance(run);
      const ended = await view(run);
      return { ...ended, outcome: outcomeOfRun(ended) };
    },
  };
}
