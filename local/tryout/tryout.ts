import { cp, rm } from "node:fs/promises";
import { basename } from "node:path";
import { type Alerting, startAlerting } from "../alerting/alerting.ts";
import { type Bot, startBot } from "../bot/bot.ts";
import { type Breaker, createBreaker } from "../breaker.ts";
import type { LiveFault } from "../faults/fault.ts";
import { channelsFor, commandsFor, PEOPLE } from "../people.ts";
import { startPrometheus } from "../prometheus/server.ts";
import { startShopSample } from "../sample/sample.ts";
import { buildBotDatabase, ROLES } from "../sample/schema.ts";
import { startCluster } from "../services/postgres.ts";
import { findBinaries } from "../services/postgres-binaries.ts";
import { findRedis, startRedis } from "../services/redis.ts";
import type { LocalSlack } from "../slack/local-slack.ts";
import { startLocalSlack } from "../slack/server.ts";
import { startSystemSample } from "../systems/sample.ts";
import { type Cleanups, createCleanups } from "./cleanups.ts";
import { takeFolder } from "./folder.ts";
import { freePort, freePorts } from "./ports.ts";
import type { Sample, SampleNeeds } from "./sample.ts";
import { tryoutSecrets } from "./secrets.ts";

export interface TryoutOptions {
  readonly folder: string;
  /** Wished port of the page; taken: any other. */
  readonly port: number;
  /** Socket Mode instead of HTTP. */
  readonly socket: boolean;
  /** One of the example systems (`local/systems`); left out: the shop. */
  readonly system?: string | undefined;
  /** A build of diagbot (its `main.js`) instead of the sources. */
  readonly built?: string | undefined;
  /** A line about what is going on, for people. */
  say(line: string): void;
}

/** The whole try-out: a Slack, the product, and a system that can be broken. */
export interface Tryout {
  readonly url: string;
  readonly slack: LocalSlack;
  readonly bot: Bot;
  readonly sample: Sample;
  readonly faults: readonly LiveFault[];
  readonly breaker: Breaker;
  readonly alerting: Alerting;
  /** Takes everything down, last in first out; resolves with what would not go. */
  stop(): Promise<string[]>;
}

interface Ground extends SampleNeeds {
  readonly options: TryoutOptions;
}

/** Starts everything on this machine only. When a part does not come up, the others are taken down and it throws. */
export async function startTryout(options: TryoutOptions): Promise<Tryout> {
  const cleanups = createCleanups();
  try {
    return await build(options, cleanups);
  } catch (error) {
    await cleanups.run();
    throw error;
  }
}

async function build(options: TryoutOptions, cleanups: Cleanups): Promise<Tryout> {
  const ground = await prepare(options, cleanups);
  const { folder, ready } = ground;
  const botPort = await freePort();
  const [own, sample] = await both(startOwnServices(ground), startSample(ground));
  const { faults } = sample;
  const prometheus = await startPrometheus({ ...sample.metrics, job: sample.id });
  cleanups.add("the emulated Prometheus", prometheus.stop);
  const where = { system: sample.id, channel: sample.channel.name };
  const breaker = createBreaker(where, faults, () => slack.panelChanged());
  cleanups.add("the breaker", breaker.stop);
  const slack = await openSlack(ground, sample, breaker, botPort);
  await placeChecks(ground, sample);
  const bot = await startBot({
    folder,
    port: botPort,
    built: options.built,
    config: sample.config(prometheus.url),
    env: {
      DATABASE_URL: own.databaseUrl,
      REDIS_URL: own.redisUrl,
      SLACK_API_URL: slack.apiUrl,
      SLACK_BOT_TOKEN: slack.token,
      ...(options.socket
        ? { SLACK_APP_TOKEN: slack.appToken }
        : { SLACK_SIGNING_SECRET: slack.signingSecret }),
      ALERTMANAGER_TOKEN: ground.secrets.alertmanager,
      ...sample.env,
    },
  });
  cleanups.add("diagbot", bot.stop);
  ready(`diagbot (log: ${relative(bot.log)})`);
  const alerting = watchOver(ground, sample, bot, prometheus.url);
  return { url: slack.url, slack, bot, sample, faults, breaker, alerting, stop: cleanups.run };
}

const startSample = (ground: Ground): Promise<Sample> =>
  ground.options.system === undefined
    ? startShopSample(ground)
    : startSystemSample(ground.options.system, ground);

/** Those of the system shown before are not this one's. */
async function placeChecks({ folder }: Ground, { checks }: Sample): Promise<void> {
  await rm(folder.file("checks"), { recursive: true, force: true });
  if (checks !== undefined) await cp(checks, folder.file("checks"), { recursive: true });
}

/** Waits for both even if one fails: what the other is still starting must be known before everything is taken down. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}

/** Takes the folder, ends what a crash left behind and looks at what this machine has. */
async function prepare(options: TryoutOptions, cleanups: Cleanups): Promise<Ground> {
  const begun = performance.now();
  const folder = await takeFolder(options.folder);
  cleanups.add("the folder", folder.release);
  const left = await folder.pids.clean();
  if (left.length > 0) options.say(`stopped what an earlier start left running: ${left.join(", ")}`);
  const redisCommand = await findRedis();
  if (redisCommand === undefined)
    options.say(
      "no redis-server on the PATH: diagbot's queue runs in Postgres, and there is no cache to break",
    );
  return {
    options,
    folder,
    cleanups,
    secrets: await tryoutSecrets(folder.file("secrets.json")),
    binaries: await findBinaries(folder.path),
    redisCommand,
    ready: (part) => options.say(`${part} … ready (${((performance.now() - begun) / 1000).toFixed(1)} s)`),
  };
}

/** diagbot's own database and, where it can be had, a Redis of its own for its queue. */
async function startOwnServices(
  ground: Ground,
): Promise<{ databaseUrl: string; redisUrl: string | undefined }> {
  const { folder, cleanups, secrets, binaries, redisCommand } = ground;
  const [databasePort = 0, redisPort = 0] = await freePorts(2);
  const cluster = await startCluster(
    {
      name: "postgres-diagbot",
      port: databasePort,
      settings: { max_connections: 60 },
      superuserPassword: secrets.superuser,
    },
    binaries,
    folder,
  );
  cleanups.add("diagbot's Postgres", cluster.stop);
  await buildBotDatabase(cluster.adminUrl, secrets.bot);
  ground.ready("diagbot's Postgres");
  const databaseUrl = cluster.url(ROLES.bot, secrets.bot, "diagbot");
  if (redisCommand === undefined) return { databaseUrl, redisUrl: undefined };
  const redis = await startRedis(
    {
      name: "redis-diagbot",
      command: redisCommand,
      port: redisPort,
      settings: { "maxmemory-policy": "noeviction" },
    },
    folder,
  );
  cleanups.add("diagbot's Redis", redis.stop);
  ground.ready("diagbot's Redis");
  return { databaseUrl, redisUrl: redis.url };
}

async function openSlack(
  ground: Ground,
  { id, title, channel }: Sample,
  breaker: Breaker,
  botPort: number,
): Promise<LocalSlack> {
  const { options, cleanups, secrets } = ground;
  const slack = await startLocalSlack({
    port: await freePort(options.port),
    signingSecret: secrets.slackSigning,
    people: PEOPLE,
    channels: channelsFor(channel),
    commands: commandsFor(id),
    panel: breaker.panel,
    workspaceName: title,
    ...(options.socket ? {} : { requestUrl: `http://127.0.0.1:${botPort}/slack/events` }),
  });
  cleanups.add("the local Slack", () => slack.stop());
  ground.ready("the local Slack");
  return slack;
}

function watchOver(ground: Ground, { id, faults }: Sample, bot: Bot, externalUrl: string): Alerting {
  const rules = [...new Set(faults.map(({ rule }) => rule))];
  const alerting = startAlerting(
    rules,
    {
      webhookUrl: `${bot.url}/webhooks/alertmanager`,
      token: ground.secrets.alertmanager,
      externalUrl,
      job: id,
    },
    ground.options.say,
  );
  ground.cleanups.add("the emulated Alertmanager", alerting.stop);
  return alerting;
}

/** A path as people in the checkout would type it. */
const relative = (path: string): string => `.diagbot/demo/${basename(path)}`;
