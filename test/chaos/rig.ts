import { DiagError } from "../../src/core/errors.ts";
import { createDispatcher } from "../../src/queue/dispatcher.ts";
import { createStore, openPool } from "../../src/store/index.ts";
import { until } from "../helpers/until.ts";
import { hire, isGone, kill, type Mate } from "./crew.ts";
import { entry, humans, type Mischief } from "./human.ts";
import { asker } from "./knowledge.ts";
import { type Random, random } from "./random.ts";
import { type Services, startServices } from "./services.ts";
import { startTarget } from "./target.ts";
import { judge, type Verdict } from "./verdict.ts";

export interface RigOptions {
  /** Writes to be asked for; the rig submits runs until there are that many. */
  readonly steps: number;
  readonly seed: number;
  readonly workers: number;
  /** Milliseconds between two acts of the monkey. */
  readonly everyMs: number;
  readonly say: (line: string) => void;
}

export interface RigReport extends Verdict {
  readonly acts: Readonly<Record<string, number>>;
  readonly seconds: number;
}

const LEASE_MS = 1_500;
/** People may say "it did not happen" so long after the deadline: 60 s in life. */
const DID_NOT_AFTER_MS = 500;
const OPEN_RUNS = 24;
const DRAIN_MS = 90_000;

/** Real workers as processes over real Postgres and the real queue, while they are killed, frozen and cut off. */
export async function runRig(options: RigOptions): Promise<RigReport> {
  const services = await startServices();
  try {
    return await shake(options, services);
  } finally {
    await services.stop();
  }
}

async function shake(options: RigOptions, services: Services): Promise<RigReport> {
  const dice = random(options.seed);
  const target = await startTarget(random(options.seed + 1), { disturb: true });
  const pool = openPool(services.databaseUrl, { max: 6 });
  const dispatcher = createDispatcher({
    redisUrl: services.redisUrl,
    databaseUrl: services.databaseUrl,
    prefix: "chaos",
  });
  const store = createStore(
    pool,
    (touched) => {
      for (const { kind, id } of touched) if (kind === "run") dispatcher.dispatch(kind, id).catch(() => {});
    },
    { didNotAfterMs: DID_NOT_AFTER_MS },
  );
  const env = {
    DATABASE_URL: services.databaseUrl,
    REDIS_URL: services.redisUrl,
    TARGET_URL: target.url,
    LEASE_MS: String(LEASE_MS),
  };
  let hired = 0;
  const crew = await Promise.all(Array.from({ length: options.workers }, () => hire(`w${++hired}`, env)));
  const mischief: Mischief = { denied: new Set(), tampered: new Set() };
  const people = humans({
    store,
    pool,
    ledger: target.ledger,
    dice: random(options.seed + 2),
    mischief,
    disturb: true,
  });
  const monkey = createMonkey({ dice, services, pool, crew, store, rehire: () => hire(`w${++hired}`, env) });
  const began = performance.now();
  const stop = new AbortController();
  const human = loop(150, stop.signal, people.look);
  const trouble = loop(options.everyMs, stop.signal, monkey.act);
  try {
    await submitAll(options, { store, pool });
    stop.abort();
    await Promise.all([human, trouble]);
    await monkey.mend();
    target.calm();
    await drain(people.look, pool, options.say);
    const verdict = await judge({ pool, ledger: target.ledger, mischief, kills: monkey.kills });
    return { ...verdict, acts: monkey.acts, seconds: (performance.now() - began) / 1000 };
  } finally {
    stop.abort();
    await Promise.all(crew.map(kill));
    await dispatcher.close();
    await pool.end();
    await target.close();
  }
}

/** Asks again after every outage: a request that was not stored was refused, and its sender knows. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isOutage =
        (error instanceof DiagError && error.code === "store_unavailable") || isConnectionLoss(error);
      if (!isOutage) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const isConnectionLoss = (error: unknown): boolean =>
  error instanceof Error &&
  /ECONN|terminat|timeout|Connection|starting up|shutting down|recovery/i.test(error.message);

async function loop(everyMs: number, stop: AbortSignal, work: () => Promise<unknown>): Promise<void> {
  while (!stop.aborted) {
    await again(work);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

type House = { store: ReturnType<typeof createStore>; pool: ReturnType<typeof openPool> };

async function submitAll({ steps, say }: RigOptions, { store, pool }: House): Promise<void> {
  let asked = 0;
  let told = 0;
  for (let batch = 1; asked < steps; batch++) {
    await until(() => again(async () => (await countOpen(pool)) < OPEN_RUNS), 120_000);
    const writes = 1 + (batch % 3);
    asked += writes * 3;
    const caller = { via: "cli" as const, name: "asker", principal: asker.id };
    const request = {
      system: "sys",
      runbook: "chaos",
      title: "chaos",
      params: { batch, writes },
      connections: { http: "api" },
      caller,
      channel: "C0",
    };
    // The same key again after a lost answer: at most one run comes of it.
    const letter = entry();
    await again(() => store.intake.submitRun(letter, request));
    if (asked - told >= 500) {
      told = asked;
      say(`${asked} of ${steps} writes asked for`);
    }
  }
}

async function countOpen(pool: House["pool"]): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM run WHERE status IN ('queued', 'running', 'waiting')",
  );
  return rows[0]?.n ?? 0;
}

async function drain(
  look: () => Promise<unknown>,
  pool: House["pool"],
  say: (line: string) => void,
): Promise<void> {
  const end = performance.now() + DRAIN_MS;
  while (performance.now() < end) {
    await again(look);
    if ((await again(() => countOpen(pool))) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  say("runs are still open after the drain");
}

interface Zoo extends House {
  readonly dice: Random;
  readonly services: Services;
  readonly crew: Mate[];
  rehire(): Promise<Mate>;
}

function createMonkey(zoo: Zoo) {
  const { dice, services, pool, crew, store } = zoo;
  const acts: Record<string, number> = {
    "kill -9": 0,
    freeze: 0,
    "queue wiped": 0,
    "Postgres crashed": 0,
    "kill switch": 0,
  };
  const kills: { at: number; runs: number[] }[] = [];
  const thawing: Promise<void>[] = [];
  const note = (act: string): void => {
    acts[act] = (acts[act] ?? 0) + 1;
  };
  const replace = async (index: number): Promise<void> => {
    const mate = crew[index];
    if (mate === undefined) return;
    note("kill -9");
    const { rows } = await pool.query<{ id: number }>(
      "SELECT id FROM run WHERE owner = $1 AND lease_until > clock_timestamp()",
      [mate.name],
    );
    kills.push({ at: Date.now(), runs: rows.map((row) => row.id) });
    await kill(mate);
    crew[index] = await zoo.rehire();
  };
  const freeze = (index: number, ms: number): void => {
    const mate = crew[index];
    if (mate === undefined || mate.frozen || isGone(mate)) return;
    note("freeze");
    mate.frozen = true;
    mate.child.kill("SIGSTOP");
    thawing.push(
      new Promise((resolve) => setTimeout(resolve, ms)).then(() => {
        mate.frozen = false;
        mate.child.kill("SIGCONT");
      }),
    );
  };
  const killSwitch = async (): Promise<void> => {
    note("kill switch");
    const by = { via: "cli" as const, name: "bob" };
    await store.intake.freeze(entry(), { by, reason: "rig" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await again(() => store.intake.unfreeze(entry(), by));
  };
  const wipe = async (): Promise<void> => {
    note("queue wiped");
    await services.flush();
  };
  const crash = async (): Promise<void> => {
    note("Postgres crashed");
    await services.crashPostgres();
  };
  return {
    acts,
    kills,
    act: async (): Promise<void> => {
      const roll = dice.next();
      const index = dice.below(crew.length);
      const ms = LEASE_MS * (2 + dice.below(3));
      if (roll < 0.4) await replace(index);
      else if (roll < 0.65) freeze(index, ms);
      else if (roll < 0.8) await wipe();
      else if (roll < 0.9) await crash();
      else await killSwitch();
    },
    /** Ends the trouble: everything frozen thaws, the kill switch is off. */
    mend: async (): Promise<void> => {
      await Promise.all(thawing);
      await again(() => store.intake.unfreeze(entry(), { via: "cli", name: "bob" }));
    },
  };
}
