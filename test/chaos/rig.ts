import type { RunRequest } from "../../src/core/ports/intake.ts";
import { createDispatcher } from "../../src/queue/dispatcher.ts";
import { createStore, openPool } from "../../src/store/index.ts";
import { bundle } from "./bundle.ts";
import { hire, kill } from "./crew.ts";
import { entry, humans, type Mischief } from "./human.ts";
import { asker } from "./knowledge.ts";
import { actsOf, createMonkey } from "./monkey.ts";
import { patiently, pause, repeatedly } from "./patience.ts";
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
const OPEN_RUNS = 32;
const DRAIN_MS = 90_000;

/** Real workers as processes over real Postgres and the real queue, while they are killed, frozen and cut off. */
export async function runRig(options: RigOptions): Promise<RigReport> {
  const program = await bundle("worker");
  const services = await startServices();
  try {
    return await shake(options, services, program.path);
  } finally {
    await services.stop();
    program.remove();
  }
}

async function shake(options: RigOptions, services: Services, program: string): Promise<RigReport> {
  const { seed } = options;
  const target = await startTarget(seed, { disturb: true });
  const { pool, store, close } = openStore(services);
  const env = {
    DATABASE_URL: services.databaseUrl,
    REDIS_URL: services.redisUrl,
    TARGET_URL: target.url,
    LEASE_MS: String(LEASE_MS),
  };
  let hired = 0;
  const rehire = () => hire(program, `w${++hired}`, env);
  const crew = await Promise.all(Array.from({ length: options.workers }, rehire));
  const mischief: Mischief = { denied: new Set(), tampered: new Set() };
  const people = humans({ store, pool, ledger: target.ledger, seed, mischief, disturb: true });
  const monkey = createMonkey({ services, pool, crew, store, leaseMs: LEASE_MS, rehire });
  const acts = actsOf(seed);
  const began = performance.now();
  const stop = new AbortController();
  const human = repeatedly(100, stop.signal, people.look);
  const trouble = repeatedly(options.everyMs, stop.signal, () => monkey.act(acts.next().value));
  try {
    await submitAll(options, { store, pool });
    stop.abort();
    await Promise.all([human, trouble]);
    await monkey.mend();
    target.calm();
    const asked = performance.now();
    await drain(people.look, pool, options.say);
    const verdict = await judge({ pool, ledger: target.ledger, mischief, losses: monkey.losses });
    const seconds = (asked - began) / 1000;
    const figures = {
      ...verdict.figures,
      "writes per second": (target.ledger.applied.size / seconds).toFixed(1),
    };
    return { ...verdict, figures, acts: monkey.counts, seconds: (performance.now() - began) / 1000 };
  } finally {
    stop.abort();
    await Promise.all(crew.map(kill));
    await close();
    await target.close();
  }
}

/** The doors' side: the store, and a queue that is told. */
export function openStore(services: Services) {
  const pool = openPool(services.databaseUrl, { max: 8 });
  const dispatcher = createDispatcher(services.place);
  const store = createStore(
    pool,
    (touched) => {
      for (const { kind, id } of touched) if (kind === "run") dispatcher.dispatch(kind, id).catch(() => {});
    },
    { didNotAfterMs: DID_NOT_AFTER_MS },
  );
  const close = async (): Promise<void> => {
    await dispatcher.close();
    await pool.end();
  };
  return { pool, store, close };
}

type Opened = Pick<ReturnType<typeof openStore>, "pool" | "store">;

/** A request for a run of `writes` writes per remedy. */
export const request = (params: { batch: number; writes: number; only?: string }): RunRequest => ({
  system: "sys",
  runbook: "chaos",
  title: "chaos",
  params,
  connections: { http: "api" },
  caller: { via: "cli", name: "asker", principal: asker.id },
  channel: "C0",
});

async function submitAll({ steps, say }: RigOptions, { store, pool }: Opened): Promise<void> {
  let asked = 0;
  let told = 0;
  for (let batch = 1; asked < steps; batch++) {
    while ((await patiently(() => countOpen(pool))) >= OPEN_RUNS) await pause(30);
    const writes = 1 + (batch % 3);
    asked += writes * 3;
    // The same key again after a lost answer: at most one run comes of it.
    const letter = entry();
    await patiently(() => store.intake.submitRun(letter, request({ batch, writes })));
    if (asked - told >= 500) {
      told = asked;
      say(`${asked} of ${steps} writes asked for`);
    }
  }
}

export async function countOpen(pool: Opened["pool"]): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM run WHERE status IN ('queued', 'running', 'waiting')",
  );
  return rows[0]?.n ?? 0;
}

/** Until every run has ended, or time is over. */
export async function drain(
  look: () => Promise<unknown>,
  pool: Opened["pool"],
  say: (line: string) => void,
  withinMs = DRAIN_MS,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (performance.now() < end) {
    await patiently(look);
    if ((await patiently(() => countOpen(pool))) === 0) return;
    await pause(100);
  }
  say("runs are still open after the drain");
}
