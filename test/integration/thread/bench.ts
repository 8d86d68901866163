import { pino } from "pino";
import type { LocalSlack } from "../../../local/slack/local-slack.ts";
import type { LocalSlackOptions } from "../../../local/slack/options.ts";
import { startLocalSlack } from "../../../local/slack/server.ts";
import type { LocalMessage } from "../../../local/slack/types.ts";
import type { MessageStore } from "../../../src/core/ports/message-store.ts";
import { RunId, ThreadId } from "../../../src/core/words/ids.ts";
import { openPool, type Pool } from "../../../src/store/pool.ts";
import { createReader } from "../../../src/store/reader.ts";
import { createMessageStore } from "../../../src/store/thread/messages.ts";
import { type Budgets, createSender, type Sender, type SenderOptions } from "../../../src/thread/sender.ts";
import { freshDatabase } from "../../helpers/database.ts";
import { until } from "../../helpers/until.ts";
import { PEOPLE, PLAN, SERIES } from "../../make/views.ts";
import { QUICK } from "./budgets.ts";

/** A database, a local Slack and senders between them. */
export interface Bench {
  readonly databaseUrl: string;
  readonly pool: Pool;
  readonly slack: LocalSlack;
  readonly store: MessageStore;
  /** Called for every log line of warn and above. */
  readonly log: string[];
  sender(budgets?: Partial<Budgets>, store?: MessageStore, more?: Partial<SenderOptions>): Sender;
  /** A thread with one run; `status` and the rest may be changed by SQL, `touch` tells the sender. */
  openThread(channel?: string): Promise<{ thread: ThreadId; run: RunId }>;
  touch(thread: ThreadId, urgent?: boolean): Promise<void>;
  /** Nothing is left to draw. */
  isQuiet(): Promise<boolean>;
  /** Waits until nothing is. */
  quiet(): Promise<unknown>;
  /** The run has found something and waits for an approval. */
  findAndPropose(run: RunId): Promise<void>;
  callsOf(method: string): LocalSlack["calls"][number][];
  /** Messages of a channel and its threads, by the slot they show. */
  bySlot(channel?: string): Map<string, LocalMessage[]>;
  close(): Promise<void>;
}

export const CHANNEL = "C0OPS";
/** Of the approval that `findAndPropose` asks for. */
export const APPROVAL_ID = "0123456789abcdef0123456789abcdef";

export async function openBench(label: string, options: LocalSlackOptions = {}): Promise<Bench> {
  const database = await freshDatabase(label);
  const pool = openPool(database.url, { max: 8 });
  const slack = await startLocalSlack({
    channels: [
      { id: CHANNEL, name: "ops" },
      { id: "C0OTHER", name: "other" },
    ],
    ...options,
  });
  const store = createMessageStore(pool);
  const reader = createReader(pool);
  const log: string[] = [];
  const logger = pino({ level: "info", base: null }, { write: (line: string) => void log.push(line) });
  const senders: Sender[] = [];
  const isQuiet = async () => (await pool.query("SELECT FROM outbox WHERE kind = 'thread'")).rowCount === 0;
  return {
    databaseUrl: database.url,
    pool,
    slack,
    store,
    log,
    sender: (budgets = {}, messages = store, more = {}) => {
      const sender = createSender({
        messages,
        reader,
        people: PEOPLE,
        slack: { token: slack.token, apiUrl: slack.apiUrl },
        logger,
        budgets: { ...QUICK, ...budgets },
        ...more,
      });
      senders.push(sender);
      return sender;
    },
    openThread: (channel = CHANNEL) => insertThread(pool, channel),
    touch: async (thread, urgent = false) => {
      await pool.query(TOUCH, [thread, urgent]);
    },
    isQuiet,
    quiet: () => until(isQuiet),
    findAndPropose: (run) => findAndPropose(pool, run),
    callsOf: (method) => slack.calls.filter((call) => call.method === method),
    bySlot: (channel = CHANNEL) => groupBySlot(slack, channel),
    close: async () => {
      await Promise.all(senders.map((sender) => sender.stop(2_000)));
      await slack.stop();
      await pool.end();
      await database.drop();
    },
  };
}

const TOUCH = `INSERT INTO outbox (kind, id, urgent) VALUES ('thread', $1, $2)
  ON CONFLICT (kind, id) DO UPDATE SET rev = nextval('outbox_rev'), urgent = outbox.urgent OR excluded.urgent,
    touched_at = now(), not_before = least(outbox.not_before, now())`;

async function insertThread(pool: Pool, channel: string): Promise<{ thread: ThreadId; run: RunId }> {
  const { rows } = await pool.query<{ thread: number; run: number }>(
    `WITH t AS (INSERT INTO thread (channel) VALUES ($1) RETURNING id),
     r AS (INSERT INTO run (thread_id, system, runbook, title, params, connections, caller, status)
       SELECT id, 'shop', 'pg-pool-exhausted', 'Postgres connection pool exhausted', '{}', '{}',
         '{"via": "cli", "name": "alice"}', 'running' FROM t RETURNING id, thread_id)
     SELECT id AS run, thread_id AS thread FROM r`,
    [channel],
  );
  const thread = ThreadId.parse(rows[0]?.thread);
  await pool.query(TOUCH, [thread, false]);
  return { thread, run: RunId.parse(rows[0]?.run) };
}

async function findAndPropose(pool: Pool, run: RunId): Promise<void> {
  await pool.query("UPDATE run SET status = 'waiting', diagnosed = true WHERE id = $1", [run]);
  await pool.query(
    `INSERT INTO finding (run_id, ord, id, severity, title, because, evidence, remedies)
     VALUES ($1, 0, 'full', 'critical', '97 of 97 connections in use', 'idle clients', $2, '["terminateIdle"]')`,
    [run, JSON.stringify([SERIES])],
  );
  await pool.query(
    `INSERT INTO remedy (run_id, key, ord, title, risk, status, plan, plan_sha256)
     VALUES ($1, 'terminateIdle', 0, 'Terminate idle sessions', 'high', 'waiting', $2, 'ab')`,
    [run, JSON.stringify(PLAN)],
  );
  await pool.query(
    `INSERT INTO approval (id, run_id, remedy, plan_sha256, policy, need, expires_at)
     VALUES ($1, $2, 'terminateIdle', 'ab', $3, 1, now() + interval '30 min')`,
    [
      APPROVAL_ID,
      run,
      JSON.stringify({ approvals: 1, from: ["oncall"], self: false, expires: 1, execute: 1, undo: "ask" }),
    ],
  );
}

function groupBySlot(slack: LocalSlack, channel: string): Map<string, LocalMessage[]> {
  const groups = new Map<string, LocalMessage[]>();
  const roots = slack.messages(channel);
  const replies = roots.flatMap((root) => slack.messages(channel, { thread: root.ts }).slice(1));
  for (const message of [...roots, ...replies]) {
    const payload = message.metadata?.event_payload as { k?: string } | undefined;
    const slot = payload?.k ?? message.files?.map((file) => `file:${file.name}`).join() ?? message.text;
    groups.set(slot, [...(groups.get(slot) ?? []), message]);
  }
  return groups;
}
