import { createAstray } from "../ingress/alertmanager/astray.ts";
import { createWebhook } from "../ingress/alertmanager/webhook.ts";
import { createChangesDoor } from "../ingress/changes/webhook.ts";
import {
  type DoorHandlers,
  doorRoutes,
  type OpsHandlers,
  opsRoutes,
  standardRoutes,
} from "../ingress/http/routes.ts";
import { createHttpServer } from "../ingress/http/server.ts";
import type { Door } from "../ingress/receive.ts";
import { createSlackDoor, type SlackDoor } from "../ingress/slack/door.ts";
import { randomId } from "../lib/random-id.ts";
import { combineHealth } from "../telemetry/health.ts";
import { deliveryHealth } from "./delivery.ts";
import type { AppDeps } from "./deps.ts";
import { doorOf, ingressMetrics } from "./door.ts";
import { healthReport, postgresHealth } from "./health.ts";
import { knowledgeHealth } from "./knowledge.ts";
import type { Part } from "./part.ts";
import { workersHealth } from "./workers-health.ts";

const CLOSE_MS = 5_000;

/** Slack, Alertmanager, health and metrics on one HTTP server. */
export async function ingressPart(
  deps: AppDeps,
  more: { health?: Part["health"]; metricsText?: () => Promise<string> } = {},
): Promise<Part & { readonly port: number }> {
  const { config, logger } = deps;
  const { environment } = config;
  const door = doorOf(deps);
  const slack = slackDoor(deps, door);
  const health: Part["health"] = {
    postgres: () => postgresHealth(deps),
    queue: () => deps.dispatcher.health(),
    workers: async () => workersHealth(await deps.store.sweep.backlog()),
    runbooks: async () => knowledgeHealth(deps.knowledge, deps.redact),
    ...(slack === undefined
      ? {}
      : { slack: async () => slack.health(), delivery: () => deliveryHealth(deps.store.messages) }),
    ...more.health,
  };
  const listener = slack?.requestListener;
  const doors: DoorHandlers = {
    ...(listener === undefined ? {} : { slack: listener }),
    ...(environment.alertmanagerToken === undefined
      ? {}
      : { alertmanager: webhookOf(deps, door, environment.alertmanagerToken) }),
    ...(environment.changesToken === undefined
      ? {}
      : { changes: changesOf(deps, door, environment.changesToken) }),
  };
  const ops: OpsHandlers = {
    health: async () => healthReport(await combineHealth(health)),
    metrics: async () => {
      await noteBacklog(deps, slack);
      return {
        contentType: deps.metrics.contentType,
        text: await (more.metricsText ?? deps.metrics.text)(),
      };
    },
  };
  const own = environment.ops;
  const servers = [
    createHttpServer({
      logger,
      routes: own === undefined ? standardRoutes({ ...doors, ...ops }) : doorRoutes(doors),
      ...(environment.alertmanagerToken === undefined
        ? {}
        : { astray: createAstray(alertsOf(deps, door, environment.alertmanagerToken)) }),
    }),
    ...(own === undefined ? [] : [createHttpServer({ logger, routes: opsRoutes(ops) })]),
  ] as const;
  const [server, opsServer] = servers;
  await opsServer?.listen(own?.port ?? 0, own?.host ?? "");
  const { port } = await server.listen(environment.port, environment.host);
  await slack?.start();
  logger.info({ host: environment.host, port }, "the doors are open");
  return {
    name: "ingress",
    port,
    health,
    stop: async () => {
      await slack?.stop();
      await Promise.all(servers.map((one) => one.close(CLOSE_MS)));
    },
  };
}

function slackDoor(deps: AppDeps, door: Door): SlackDoor | undefined {
  const { slack } = deps.config.environment;
  if (slack === undefined) {
    deps.logger.warn("no Slack: SLACK_BOT_TOKEN is not set, so only alerts and the command line are served");
    return undefined;
  }
  const { catalog, logger, store } = deps;
  return createSlackDoor({ config: slack, door, catalog, reader: store.reader, logger });
}

/** Whose alerts are taken, and whom to tell of those that are not. */
function alertsOf({ config, logger, metrics }: AppDeps, door: Door, token: string) {
  const notice = (text: string): void =>
    void door.notice({ source: "alertmanager", dedupeKey: `notice:${randomId()}`, raw: "{}" }, text);
  const previous = config.environment.alertmanagerTokenPrevious;
  const tokens = previous === undefined ? [token] : [token, previous];
  return { tokens, logger, metrics: ingressMetrics(metrics), notice };
}

const webhookOf = (deps: AppDeps, door: Door, token: string) =>
  createWebhook({ ...alertsOf(deps, door, token), door, redact: deps.redactKnown });

const changesOf = ({ logger, metrics, redactKnown }: AppDeps, door: Door, token: string) =>
  createChangesDoor({ token, door, logger, metrics: ingressMetrics(metrics), redact: redactKnown });

/** What only the rows and the sockets know, looked at when Prometheus asks; without Postgres it stays as it was. */
async function noteBacklog({ store, metrics }: AppDeps, slack: SlackDoor | undefined): Promise<void> {
  const sockets = slack?.sockets();
  if (sockets !== undefined) metrics.sockets(sockets);
  const backlog = await store.sweep.backlog().catch(() => undefined);
  if (backlog !== undefined) metrics.workers(backlog.alive, backlog.dueSeconds);
}
