import { Redis } from "ioredis";
import pg from "pg";
import { inject } from "vitest";
import type { LocalSlack } from "../../../local/slack/local-slack.ts";
import { startLocalSlack } from "../../../local/slack/server.ts";
import type { Ack, LocalMessage } from "../../../local/slack/types.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";
import { openProduct, type Product, type Role, type Served } from "../../helpers/product.ts";
import { CHANNELS, OPS, PEOPLE } from "./people.ts";
import { buttonsOf, everything, textOf, threadOfRun } from "./read.ts";

export type Mode = "http" | "socket";

export interface StageOptions {
  /** Shows in the name of the database. */
  readonly label: string;
  readonly mode: Mode;
  readonly queue: "redis" | "postgres";
  readonly config: object;
  /** Processes to start, in this order. */
  readonly roles?: readonly Role[];
  readonly env?: Readonly<Record<string, string>>;
  /** Channels besides `#ops` and `#shop`. */
  readonly channels?: readonly { id: string; name: string }[];
  /** Another Postgres than the tests' own. */
  readonly databaseUrl?: string;
}

/** A product between a Slack, a database and a queue, with what a stranger can do to it and see of it. */
export interface Stage {
  readonly slack: LocalSlack;
  readonly product: Product;
  /** The process with the doors. */
  readonly door: Served;
  readonly all: readonly Served[];
  readonly databaseUrl: string;
  /** `/diag …` as a person; the words of the acknowledgement. */
  ask(user: string, words: string, channel?: string): Promise<string>;
  /** `/diag …` that must start a run; its number. */
  run(user: string, words: string, channel?: string): Promise<number>;
  /** The thread of a run once `is` holds for it. */
  thread(
    run: number,
    is: (messages: readonly LocalMessage[]) => boolean,
    channel?: string,
  ): Promise<LocalMessage[]>;
  /** The card of a run with that button, whose text contains `about`. */
  card(run: number, about: string, channel?: string): Promise<LocalMessage>;
  click(user: string, card: LocalMessage, actionId: string): Promise<Ack>;
  /** What only this person was told, once it matches. */
  told(user: string, what: RegExp): Promise<string>;
  /** All messages of all channels. */
  messages(): LocalMessage[];
  rows<Row extends pg.QueryResultRow>(statement: string, values?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** How long anything that people wait for may take here: tests share a small machine. */
export const PATIENCE_MS = 120_000;

/** Starts everything; `close()` stops it and fails on a process that does not stop cleanly. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const channels = [...CHANNELS, ...(options.channels ?? [])];
  const slack = await startLocalSlack({
    people: PEOPLE,
    channels,
    token: "xoxb-e2e-bot-token-7f3a9c",
    appToken: "xapp-1-e2e-app-token-51d2e8",
    signingSecret: "e2e-signing-secret-4b81",
    // Slack's 3 s are measured elsewhere: a test that fails by them says how busy the machine is.
    ackTimeoutMs: PATIENCE_MS,
    triggerTtlMs: PATIENCE_MS,
  });
  const own = options.databaseUrl === undefined ? await freshDatabase("e2e", { migrated: false }) : undefined;
  const databaseUrl = options.databaseUrl ?? own?.url ?? "";
  const redisUrl = options.queue === "redis" ? inject("redisUrl") : undefined;
  const { config, mode, env } = options;
  const product = openProduct({
    ...{ config, databaseUrl, redisUrl, slack: { local: slack, mode } },
    ...(env === undefined ? {} : { env }),
  });
  const all: Served[] = [];
  try {
    for (const role of options.roles ?? ["all"]) all.push(await product.serve(role));
  } catch (error) {
    await closeAll(product, slack, own, redisUrl);
    throw error;
  }
  const door = all.find(({ role }) => role !== "worker");
  if (door === undefined) throw new Error("a stage needs a process with doors");
  return stageOf({
    slack,
    product,
    all,
    door,
    databaseUrl,
    own,
    redisUrl,
    channels: channels.map(({ id }) => id),
  });
}

interface Parts {
  readonly slack: LocalSlack;
  readonly product: Product;
  readonly all: readonly Served[];
  readonly door: Served;
  readonly databaseUrl: string;
  readonly own: FreshDatabase | undefined;
  readonly redisUrl: string | undefined;
  readonly channels: readonly string[];
}

function stageOf(parts: Parts): Stage {
  const { slack, product, all, door, databaseUrl, own, redisUrl, channels } = parts;
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2, application_name: "e2e-test" });
  pool.on("error", () => {});
  const ask: Stage["ask"] = async (user, words, channel = OPS) =>
    textOf(await slack.command(user, channel, "/diag", words));
  const thread: Stage["thread"] = async (run, is, channel = OPS) => {
    let last: LocalMessage[] = [];
    const seen = slack.waitFor((now) => {
      last = threadOfRun(now, channel, run);
      return last.length > 0 && is(last) && last;
    }, PATIENCE_MS);
    return seen.catch((error: Error) => {
      throw new Error(`run ${run}: not seen: ${is}\nbut: ${textOf(last)}\n${error.message}`);
    });
  };
  return {
    ...{ slack, product, all, door, databaseUrl, ask, thread },
    run: async (user, words, channel) => {
      const said = await ask(user, words, channel);
      const run = /Run #(\d+)/.exec(said)?.[1];
      if (run === undefined) throw new Error(`/diag ${words} did not start a run: ${said}`);
      return Number(run);
    },
    card: async (run, about, channel) => {
      const is = (message: LocalMessage) =>
        buttonsOf(message).some(({ actionId }) => actionId === "remedy:approve") &&
        textOf(message.blocks).includes(about);
      const messages = await thread(run, (shown) => shown.some(is), channel);
      const card = messages.find(is);
      if (card === undefined) throw new Error("the card vanished");
      return card;
    },
    click: (user, { channel, ts }, actionId) => slack.click(user, { channel, ts }, actionId),
    told: (user, what) =>
      slack.waitFor((now) => {
        const words = now.ephemerals(user).map((message) => textOf(message));
        return words.find((said) => what.test(said));
      }, PATIENCE_MS),
    messages: () => everything(slack, channels),
    rows: async (statement, values) => (await pool.query(statement, values)).rows,
    close: async () => {
      await pool.end();
      await closeAll(product, slack, own, redisUrl);
    },
  };
}

async function closeAll(
  product: Product,
  slack: LocalSlack,
  own: FreshDatabase | undefined,
  redisUrl: string | undefined,
): Promise<void> {
  try {
    await product.close();
  } finally {
    await slack.stop();
    await own?.drop();
    if (redisUrl !== undefined) await removeKeys(redisUrl, product.queuePrefix);
  }
}

/** The tests' Redis may be somebody's: only what this product wrote goes. */
async function removeKeys(url: string, prefix: string): Promise<void> {
  const redis = new Redis(url);
  try {
    const keys = await redis.keys(`${prefix}*`);
    if (keys.length > 0) await redis.unlink(...keys);
  } finally {
    redis.disconnect();
  }
}
