// One worker of the chaos rig: the product's engine, store, queue and sweeper over the rig's target. Killed and frozen from outside.
import { pino } from "pino";
import { z } from "zod";
import { RunId } from "../../src/core/words/ids.ts";
import { CRASH_POINTS, type CrashPoint } from "../../src/engine/deps.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { createSweeper } from "../../src/engine/sweeper.ts";
import { createTargets } from "../../src/engine/targets.ts";
import { createDispatcher } from "../../src/queue/dispatcher.ts";
import { createJobSource } from "../../src/queue/source.ts";
import { createStore, openPool } from "../../src/store/index.ts";
import { chaosCatalog, chaosConnector } from "./knowledge.ts";

const Env = z.object({
  DATABASE_URL: z.string(),
  REDIS_URL: z.string().optional(),
  TARGET_URL: z.string(),
  WORKER: z.string(),
  LEASE_MS: z.coerce.number(),
  QUEUE_PREFIX: z.string().default("chaos"),
  WRITE_SECONDS: z.coerce.number().optional(),
  /** `kill:after_intent:1` or `freeze:before_effect:1`. */
  FATE: z.string().optional(),
  LOG_LEVEL: z.string().default("silent"),
});
const env = Env.parse(process.env);
const GRACE_MS = 2_000;

const logger = pino({ level: env.LOG_LEVEL }, pino.destination(2));
const place = { redisUrl: env.REDIS_URL, databaseUrl: env.DATABASE_URL, prefix: env.QUEUE_PREFIX };
const pool = openPool(env.DATABASE_URL, { max: 8 });
const dispatcher = createDispatcher(place);
const store = createStore(pool, (touched) => {
  for (const { kind, id } of touched) if (kind === "run") dispatcher.dispatch(kind, id).catch(() => {});
});

function fateOf(spec: string | undefined): (point: CrashPoint) => void {
  if (spec === undefined) return () => {};
  const [how, name, nth] = spec.split(":");
  const point = z.enum(CRASH_POINTS).parse(name);
  let left = Number(nth);
  return (passed) => {
    if (passed !== point) return;
    left -= 1;
    if (left !== 0) return;
    process.kill(process.pid, how === "kill" ? "SIGKILL" : "SIGSTOP");
  };
}

const engine = createEngine(
  {
    store: store.runs,
    catalog: chaosCatalog(env.TARGET_URL),
    targets: createTargets([chaosConnector(env.WRITE_SECONDS)]),
    redact: (text) => text,
    redactKnown: (text) => text,
    logger,
    events: { step: () => {}, remedy: () => {}, run: () => {}, leaseLost: () => {} },
    crash: fateOf(env.FATE),
  },
  { worker: env.WORKER, leaseMs: env.LEASE_MS },
);
const worker = { id: env.WORKER, host: "chaos", pid: process.pid, version: "chaos" };
const sweeper = createSweeper({
  store: store.sweep,
  dispatcher,
  logger,
  worker,
  everyMs: 300,
  staleMs: 3_600_000,
});
const source = createJobSource({ ...place, logger, lockMs: 2_000, stalledCheckMs: 1_000, watchMs: 1_000 });
sweeper.start();
const consumer = source.work("run", 8, (id) => engine.advance(RunId.parse(id)));
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => {
  const handedOn = Promise.all([consumer.close(GRACE_MS), engine.stop(GRACE_MS)]).then(() => sweeper.stop());
  void handedOn.finally(() => process.exit(0));
});
process.send?.({ ready: true });
