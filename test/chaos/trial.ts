import { randomUUID } from "node:crypto";
import { pino } from "pino";
import type { RunId } from "../../src/core/words/ids.ts";
import { isEnded } from "../../src/core/words/outcome.ts";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { createTargets } from "../../src/engine/targets.ts";
import { createDispatcher } from "../../src/queue/dispatcher.ts";
import { createStore, openPool, type Pool, type Store } from "../../src/store/index.ts";
import { until } from "../helpers/until.ts";
import { hire, kill, type Mate } from "./crew.ts";
import { entry, humans } from "./human.ts";
import { chaosCatalog, chaosConnector } from "./knowledge.ts";
import { patiently } from "./patience.ts";
import type { Target } from "./target.ts";

/** How long the fated worker holds a run and may take for a write. */
export interface Patience {
  readonly leaseMs: number;
  readonly writeSeconds: number;
}

/** Whose time nobody waits for: long enough on any machine. */
const UNHURRIED: Patience = { leaseMs: 60_000, writeSeconds: 120 };
const DID_NOT_AFTER_MS = 300;

/** One database of its own and what acts on it. */
export interface Trial {
  readonly pool: Pool;
  readonly store: Store;
  /** Starts a worker process with a fate: `kill:after_intent:1`, `freeze:before_effect:1`. */
  fated(fate: string): Promise<Mate>;
  /** Starts one without a fate, that knows the same text of the runbook as the fated one. */
  hired(): Promise<Mate>;
  /** Where a process of this trial finds its services. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The second worker, in this process. It finds its runs as the sweeper does. */
  readonly second: Engine;
  /** Asks for a run; on a machine that does a lot besides its database may be out of reach for a moment. */
  ask(request: Parameters<Store["intake"]["submitRun"]>[1]): Promise<RunId>;
  /** The people vote and answer truthfully. */
  look(): Promise<number>;
  /** The second worker and the people go on until the run has ended. */
  finish(run: RunId): Promise<void>;
  close(): Promise<void>;
}

/** What trials share. */
export interface TrialDeps {
  readonly program: string;
  readonly redisUrl: string | undefined;
  readonly target: Target;
  /** An empty, migrated database of that name. */
  database(): Promise<{ url: string; drop(): Promise<void> }>;
}

export async function openTrial(deps: TrialDeps, fated: Patience = UNHURRIED): Promise<Trial> {
  const { target } = deps;
  const database = await deps.database();
  const pool = openPool(database.url, { max: 4 });
  const prefix = `walk${randomUUID().slice(0, 8)}`;
  const dispatcher = createDispatcher({ redisUrl: deps.redisUrl, databaseUrl: database.url, prefix });
  const tell = (touched: readonly { kind: "run" | "thread"; id: number }[]): void => {
    for (const { kind, id } of touched) if (kind === "run") dispatcher.dispatch(kind, id).catch(() => {});
  };
  const store = createStore(pool, tell, { didNotAfterMs: DID_NOT_AFTER_MS });
  const second = engineOn(store, target.url, "second");
  const mischief = { denied: new Set<string>(), tampered: new Set<string>() };
  const people = humans({ store, pool, ledger: target.ledger, seed: 1, mischief, disturb: false });
  const mates: Mate[] = [];
  const env = {
    DATABASE_URL: database.url,
    REDIS_URL: deps.redisUrl,
    TARGET_URL: target.url,
    LEASE_MS: String(fated.leaseMs),
    WRITE_SECONDS: String(fated.writeSeconds),
    QUEUE_PREFIX: prefix,
  };
  return {
    pool,
    store,
    env,
    second,
    ask: async (request) => {
      const asked = entry();
      return (await patiently(() => store.intake.submitRun(asked, request))).run;
    },
    look: people.look,
    fated: async (fate) => {
      const mate = await hire(deps.program, `fated-${prefix}`, { ...env, FATE: fate });
      mates.push(mate);
      return mate;
    },
    hired: async () => {
      const mate = await hire(deps.program, `heir-${prefix}`, env);
      mates.push(mate);
      return mate;
    },
    finish: async (run) => {
      const round = async (): Promise<boolean> => {
        await people.look();
        for (const due of await store.sweep.dueRuns(10)) await second.advance(due);
        return isEnded((await store.reader.run(run))?.status ?? "queued");
      };
      await until(() => patiently(round));
    },
    close: async () => {
      await Promise.all(mates.map(kill));
      await second.stop(1_000);
      await dispatcher.close();
      await pool.end();
      await database.drop();
    },
  };
}

/** An engine of this process, that is in no hurry, over the rig's world. */
export const engineOn = (store: Store, targetUrl: string, worker: string): Engine =>
  createEngine(
    {
      store: store.runs,
      catalog: chaosCatalog(targetUrl),
      targets: createTargets([chaosConnector(UNHURRIED.writeSeconds)]),
      redact: (text) => text,
      redactKnown: (text) => text,
      logger: pino({ level: "silent" }),
      events: { step: () => {}, remedy: () => {}, run: () => {}, leaseLost: () => {} },
      crash: () => {},
    },
    { worker, leaseMs: UNHURRIED.leaseMs },
  );
