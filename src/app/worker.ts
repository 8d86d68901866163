import { sayAgain } from "../core/rules/again.ts";
import { connectorsOf } from "../core/rules/connections.ts";
import { contactsOfRun } from "../core/rules/contacts.ts";
import { RunId } from "../core/words/ids.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import { createSweeper } from "../engine/sweeper.ts";
import { createTargets } from "../engine/targets.ts";
import { waitFor } from "../lib/wait.ts";
import { createJobSource } from "../queue/source.ts";
import { createLeaseKeeper } from "../store/index.ts";
import { createSender } from "../thread/sender.ts";
import { keepCheckpoints } from "./checkpoints.ts";
import { crashAt } from "./crash.ts";
import { channelsOf, reasonOf } from "./delivery.ts";
import type { AppDeps } from "./deps.ts";
import type { Part } from "./part.ts";
import { schedulerOf } from "./schedules.ts";

const RUNS_AT_ONCE = 8;
const LEASE_MS = 15_000;
/** A worker whose loop is blocked for so long is ended. */
const SILENT_MS = 20_000;
const GRACE_MS = 20_000;
const LEAD_EVERY_MS = 2_000;
const LEAD_LEASE_MS = 8_000;

/** Moves runs and keeps Slack in step with the rows. Several may run at once, here or on other machines. */
export function workerPart(deps: AppDeps): Part {
  const { store, worker, logger } = deps;
  const engine = engineOf(deps);
  const { redisUrl, databaseUrl, prefix } = deps.config.environment;
  const source = createJobSource({ redisUrl, databaseUrl, prefix, logger });
  const sweeper = createSweeper({
    store: store.sweep,
    dispatcher: deps.dispatcher,
    logger,
    worker,
    staleMs: deps.config.alerts.stale,
    keepMs: deps.config.keep.runs,
    onUnknown: deps.metrics.unknownOutcomes,
  });
  const consumer = source.work("run", RUNS_AT_ONCE, (id) => engine.advance(RunId.parse(id)));
  const writer = slackWriter(deps, source);
  const checkpoints = keepCheckpoints(deps);
  const scheduler = schedulerOf(deps);
  sweeper.start();
  scheduler.start();
  return {
    name: "worker",
    health: { queue: () => consumer.health() },
    stop: async () => {
      await scheduler.stop();
      await Promise.all([consumer.close(GRACE_MS), engine.stop(GRACE_MS)]);
      await writer.stop();
      await checkpoints.stop();
      await sweeper.stop();
      await engine.close();
    },
  };
}

/** An engine of this process and the way to close its connections. */
export function engineOf(deps: AppDeps): Engine & { close(): Promise<void> } {
  const { store, worker, logger, metrics } = deps;
  const targets = createTargets(connectorsOf(deps.catalog.kinds));
  const { databaseUrl } = deps.config.environment;
  const keeper = createLeaseKeeper({
    databaseUrl,
    worker: worker.id,
    leaseMs: LEASE_MS,
    silentMs: SILENT_MS,
  });
  const engine = createEngine(
    {
      keeper,
      store: store.runs,
      catalog: deps.catalog,
      targets,
      redact: deps.redact,
      redactKnown: deps.redactKnown,
      logger,
      events: {
        step: (action, outcome, ms) => metrics.stepEnded(action, outcome, ms / 1000),
        remedy: metrics.remedyEnded,
        run: (runbook, status, outcome, ms) => metrics.runEnded(runbook, status, outcome, ms / 1000),
        leaseLost: metrics.leaseLost,
      },
      crash: crashAt(deps.config.environment.crashAt),
    },
    { worker: worker.id, leaseMs: LEASE_MS },
  );
  const close = async () => void (await Promise.all([targets.close(), keeper.stop()]));
  return { ...engine, close };
}

/** One process writes to Slack: its budgets hold for the whole workspace. The lease passes on within seconds when it dies. */
function slackWriter(deps: AppDeps, source: ReturnType<typeof createJobSource>): { stop(): Promise<void> } {
  const { store, worker, logger, metrics } = deps;
  const { slack } = deps.config.environment;
  if (slack === undefined) return { stop: async () => {} };
  const stopping = new AbortController();
  const lead = () => store.sweep.lead("slack", worker.id, LEAD_LEASE_MS).catch(() => false);
  const leaderLoop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      if (await lead()) await write();
      else await waitFor(LEAD_EVERY_MS, stopping.signal);
    }
  };
  const told = (threads: number, oldestSeconds: number): void => {
    metrics.threadsDirty(threads);
    metrics.outboxAge(oldestSeconds);
  };
  const write = async (): Promise<void> => {
    logger.info("this process writes to Slack now");
    const sender = createSender({
      messages: store.messages,
      reader: store.reader,
      people: deps.catalog.people,
      redact: deps.redact,
      again: (run) => sayAgain(deps.catalog, run),
      contacts: (run) => contactsOfRun(deps.catalog, run),
      slack: { token: slack.botToken, apiUrl: slack.apiUrl },
      channels: channelsOf(deps.catalog),
      fallback: deps.catalog.channel,
      logger,
      metrics: {
        called: (method, outcome) => metrics.slackCalled(method, outcome),
        waiting: told,
        troubles: (troubles) => metrics.deliveryTroubles(troubles.map(reasonOf)),
      },
    });
    const consumer = source.work("thread", 1, async () => sender.wake());
    sender.start();
    do await waitFor(LEAD_EVERY_MS, stopping.signal);
    while (!stopping.signal.aborted && (await lead()));
    await consumer.close(1_000);
    await sender.stop(5_000);
    // Another process knows better now.
    told(0, 0);
    metrics.deliveryTroubles([]);
  };
  const running = leaderLoop();
  return {
    stop: async () => {
      stopping.abort();
      await running;
      await store.sweep.resign("slack", worker.id).catch(() => {});
    },
  };
}
