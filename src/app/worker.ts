import { sayAgain } from "../core/rules/again.ts";
import { contactsOfRun } from "../core/rules/contacts.ts";
import { levelsOf } from "../core/rules/escalation.ts";
import { lookNext } from "../core/rules/look-next.ts";
import { RunId } from "../core/words/ids.ts";
import { createSweeper } from "../engine/sweeper.ts";
import { waitFor } from "../lib/wait.ts";
import { createJobSource } from "../queue/source.ts";
import { createSender } from "../thread/sender.ts";
import { keepCheckpoints } from "./checkpoints.ts";
import { channelsOf, reasonOf } from "./delivery.ts";
import type { AppDeps } from "./deps.ts";
import { engineOf } from "./engine.ts";
import { escalationsOf, escalatorOf } from "./escalation.ts";
import type { Part } from "./part.ts";
import { schedulerOf } from "./schedules.ts";

const RUNS_AT_ONCE = 8;
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
  const escalator = escalatorOf(deps);
  sweeper.start();
  scheduler.start();
  escalator.start();
  return {
    name: "worker",
    health: { queue: () => consumer.health() },
    stop: async () => {
      await scheduler.stop();
      await escalator.stop();
      await Promise.all([consumer.close(GRACE_MS), engine.stop(GRACE_MS)]);
      await writer.stop();
      await checkpoints.stop();
      await sweeper.stop();
      await engine.close();
    },
  };
}

/** One process writes to Slack: its budgets hold for the whole workspace. The lease passes on within seconds when it dies. */
function slackWriter(deps: AppDeps, source: ReturnType<typeof createJobSource>): { stop(): Promise<void> } {
  const { store, worker, logger, metrics } = deps;
  const { slack } = deps.config.environment;
  if (slack === undefined) return { stop: async () => {} };
  const stopping = new AbortController();
  const escalations = escalationsOf(deps);
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
      elsewhere: (run, around) => lookNext(deps.catalog, run, around),
      contacts: (run) => contactsOfRun(deps.catalog, run),
      links: (system) => deps.catalog.systems.find(({ id }) => id === system)?.links ?? [],
      levels: (incident) => levelsOf(escalations, incident),
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
