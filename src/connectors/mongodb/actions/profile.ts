import { z } from "zod";
import { type ActionContext, actionsOn } from "../../../core/words/action.ts";
import { beforeEffect, refused } from "../../before-effect.ts";
import type { MongoClient } from "../client.ts";
import { numberAt } from "../values.ts";
import { askHello, roleOf } from "./hello.ts";

const { read, write } = actionsOn<MongoClient>("mongodb");

const Level = z.object({
  level: z.int().min(0).max(2),
  slowMs: z.int().min(0).max(3_600_000),
  /** Share of the slow operations that is recorded, 0..1. */
  sampleRate: z.number().min(0).max(1),
});
type Level = z.output<typeof Level>;
const Database = z
  .string()
  .min(1)
  .max(63)
  .refine((name) => !["admin", "local", "config"].includes(name), "not of MongoDB's own databases");

/** How one database's operations are recorded. */
export const profiler = read({
  name: "mongodb.profiler",
  title: "What the profiler of a database records",
  input: z.object({ database: Database }),
  output: Level,
  run: (client, { database }, context) => levelNow(client, database, context),
});

async function levelNow(client: MongoClient, database: string, context: ActionContext): Promise<Level> {
  const answer = await client.look(database, { profile: -1 }, context, "primary");
  return {
    level: numberAt(answer, "was") ?? 0,
    slowMs: numberAt(answer, "slowms") ?? 100,
    sampleRate: numberAt(answer, "sampleRate") ?? 1,
  };
}

const isSame = (a: Level, b: Level): boolean =>
  a.level === b.level && a.slowMs === b.slowMs && a.sampleRate === b.sampleRate;

const say = ({ level, slowMs, sampleRate }: Level): string =>
  `${["off", "slow ones", "all"][level]}, slow from ${slowMs} ms, ${sampleRate === 1 ? "each" : `${sampleRate * 100} % of them`}`;

/** Below that an ordinary operation is slow, and recording it costs more than it tells. */
const LEAST_MS = 20;

/**
 * Records the slow operations of one database (level 1), from the state it was decided on; undo brings that back. slowMs and
 * sampleRate hold for the whole process and for its log, not for the database only. Not on a mongos, which has none (trap mongo-profiler).
 * A restart brings back what is configured. Needs `enableProfiler` on the database. ai-saas.mongo-slow-queries.
 */
export const setProfiler = write({
  name: "mongodb.set-profiler",
  title: "Record slow operations of a database",
  class: "cas",
  risk: "low",
  input: z.object({ database: Database, to: Level, from: Level, restores: z.boolean().default(false) }),
  output: z.object({ before: Level }),
  target: ({ database }) => `profiler/${database}`,
  preview: async (client, { database, to, from, restores }, context) => {
    const role = roleOf(await askHello(client, context, "primary"));
    const now = await levelNow(client, database, context);
    const changes = [
      `record operations of ${database}: ${say(to)} (now: ${say(now)}); the limit and the share hold for the whole server and its log`,
    ];
    if (isSame(now, to)) return { changes: [], witness: now, nothingToDo: `it is so already: ${say(now)}` };
    const not = refusal(now, to, from, restores, role);
    return not === undefined ? { changes, witness: now } : { changes, witness: now, refused: not };
  },
  run: async (client, { database, to, from, restores }, context) => {
    const [role, now] = await beforeEffect(async () => [
      roleOf(await askHello(client, context, "primary")),
      await levelNow(client, database, context),
    ]);
    const not = refusal(now, to, from, restores, role);
    if (not !== undefined) throw refused(not);
    const command = { profile: to.level, slowms: to.slowMs, sampleRate: to.sampleRate };
    await client.change(database, command, context);
    return { before: now };
  },
  probe: async (client, { database, to, from }, _witness, context) => {
    const now = await levelNow(client, database, context);
    const verdict = isSame(now, to) ? "done" : isSame(now, from) ? "not-done" : "unknown";
    return { verdict, evidence: `now: ${say(now)}` };
  },
  undo: ({ database, to, from }) => ({
    action: "mongodb.set-profiler",
    input: { database, to: from, from: to, restores: true },
  }),
  settled: {
    check: ({ database }) => ({ now: profiler({ database }) }),
    holds: ({ now }, { to }) => isSame(now, to),
    figures: ({ now }, { from }) => `recorded: ${say(from)} → ${say(now)}`,
  },
  leaves: "what was recorded stays in system.profile (1 MiB, the oldest goes first)",
  says: ({ to }, { before }) => `recorded: ${say(before)} → ${say(to)}`,
});

function refusal(now: Level, to: Level, from: Level, restores: boolean, role: string): string | undefined {
  if (role === "mongos") return "a mongos records nothing: each shard has a profiler of its own";
  if (!isSame(now, from)) return `it is not as it was: ${say(now)}`;
  if (restores) return undefined;
  if (to.level === 2) return "recording all operations slows the server down";
  return to.level === 1 && to.slowMs < LEAST_MS ? `below ${LEAST_MS} ms too much is recorded` : undefined;
}
