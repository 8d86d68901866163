import { z } from "zod";
import { type ActionContext, actionsOn } from "../../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import type { MongoClient } from "../client.ts";
import { OWN_DATABASES } from "../settings.ts";
import { orUnseen, told } from "../unseen.ts";
import { listAt, numberAt, textAt } from "../values.ts";
import { planNow } from "./explain.ts";
import { fromLog, fromProfile, oldestOf, type SlowEntry } from "./slow-entries.ts";
import { groupSlow, SlowGroup } from "./slow-groups.ts";

const MOST_DATABASES = 20;
const MOST_PROFILED = 300;
/** Of the slowest kinds, what the planner would do now. */
const MOST_EXPLAINED = 5;

const Profiler = z.object({
  database: z.string(),
  /** 0 off, 1 slow ones, 2 all. */
  level: z.number(),
  slowMs: z.number(),
  sampleRate: z.number(),
});

/**
 * Slow operations that the server has written down already, by kind: lines of its log in memory (1024, of all kinds), and the
 * profiler's where it is on. Changes nothing (trap mongo-profiler). Of the slowest kinds the plan is asked anew with
 * `queryPlanner`, which runs nothing (trap mongo-explain). Values stay out. Needs clusterMonitor, and read for the plans. ai-saas.mongo-slow-queries.
 */
export const slowOperations = actionsOn<MongoClient>("mongodb").read({
  name: "mongodb.slow-operations",
  title: "Slow operations MongoDB has recorded",
  timeoutSeconds: 40,
  input: z.object({ minutes: z.int().min(1).max(1_440).default(60) }),
  output: z.object({
    minutes: z.int(),
    /** Since when the log in memory reaches back; null: it was not seen, or is empty. */
    logSince: z.string().nullable(),
    profilers: z.array(Profiler).max(MOST_DATABASES),
    recorded: z.int(),
    groups: z.array(SlowGroup).max(40),
    notSeen,
  }),
  run: async (client, { minutes }, context) => {
    const unseen: NotSeen[] = [];
    const after = new Date(Date.now() - minutes * 60_000);
    const log = await logLines(client, context, unseen);
    const { profilers, profiled } = await profilesOf(client, after, context, unseen);
    const logged = log.flatMap((line) => fromLog(line) ?? []).filter(({ at }) => at >= after.getTime());
    // What the profiler of a database records stands in the log, too.
    const covered = new Set(profilers.filter(({ level }) => level > 0).map(({ database }) => database));
    const entries = [
      ...profiled,
      ...logged.filter(({ namespace }) => !covered.has(namespace.split(".")[0] ?? "")),
    ].filter(({ namespace }) => !OWN_DATABASES.has(namespace.split(".")[0] ?? ""));
    const groups = groupSlow(entries);
    return {
      minutes,
      logSince: oldestOf(log),
      profilers,
      recorded: entries.length,
      groups: await explained(client, groups, entries, context),
      ...told(unseen),
    };
  },
});

async function logLines(client: MongoClient, context: ActionContext, unseen: NotSeen[]): Promise<string[]> {
  const answer = await orUnseen("the log", unseen, () => client.look("admin", { getLog: "global" }, context));
  return listAt(answer, "log").flatMap((line) => (typeof line === "string" ? [line] : []));
}

/** The databases the connection names, or all that the user may list. */
async function databasesOf(
  client: MongoClient,
  context: ActionContext,
  unseen: NotSeen[],
): Promise<string[]> {
  if (client.settings.databases !== undefined) return client.settings.databases;
  const answer = await client.look(
    "admin",
    { listDatabases: 1, nameOnly: true, authorizedDatabases: true },
    context,
  );
  const all = listAt(answer, "databases")
    .flatMap((one) => textAt(one, "name") ?? [])
    .filter((name) => !OWN_DATABASES.has(name));
  if (all.length > MOST_DATABASES)
    unseen.push({
      what: `profilers of ${all.length - MOST_DATABASES} databases`,
      why: `only ${MOST_DATABASES} are looked at`,
      fix: "databases: of the connection in diagbot.yaml",
    });
  return all.slice(0, MOST_DATABASES);
}

async function profilesOf(client: MongoClient, after: Date, context: ActionContext, unseen: NotSeen[]) {
  const profilers: z.output<typeof Profiler>[] = [];
  const profiled: SlowEntry[] = [];
  const databases = await databasesOf(client, context, unseen);
  for (const database of databases.slice(0, MOST_DATABASES)) {
    const own: NotSeen[] = [];
    const status = await orUnseen(`the profiler of ${database}`, own, () =>
      client.look(database, { profile: -1 }, context),
    );
    // A mongos has no profiler: its shards have.
    if (status === undefined) {
      if (own[0] !== undefined && unseen.length < 5) unseen.push(own[0]);
      continue;
    }
    const level = numberAt(status, "was") ?? 0;
    profilers.push({
      database,
      level,
      slowMs: numberAt(status, "slowms") ?? 100,
      sampleRate: numberAt(status, "sampleRate") ?? 1,
    });
    if (level > 0) profiled.push(...(await readProfile(client, database, after, context, unseen)));
  }
  return { profilers, profiled };
}

const FIELDS = {
  ...{
    op: 1,
    ns: 1,
    command: 1,
    originatingCommand: 1,
    millis: 1,
    docsExamined: 1,
    keysExamined: 1,
    nreturned: 1,
  },
  ...{
    nModified: 1,
    ndeleted: 1,
    planSummary: 1,
    hasSortStage: 1,
    ts: 1,
    appName: 1,
    client: 1,
    replanned: 1,
  },
};

async function readProfile(
  client: MongoClient,
  database: string,
  after: Date,
  context: ActionContext,
  unseen: NotSeen[],
): Promise<SlowEntry[]> {
  const found = await orUnseen(`what the profiler of ${database} recorded`, unseen, () =>
    client.list(
      database,
      {
        find: "system.profile",
        filter: { ts: { $gte: after } },
        sort: { $natural: -1 },
        limit: MOST_PROFILED,
        batchSize: MOST_PROFILED + 1,
        projection: FIELDS,
      },
      context,
    ),
  );
  return (found?.documents ?? []).flatMap((one) => fromProfile(one) ?? []);
}

async function explained(
  client: MongoClient,
  groups: readonly SlowGroup[],
  entries: readonly SlowEntry[],
  context: ActionContext,
): Promise<SlowGroup[]> {
  const made: SlowGroup[] = [];
  for (const [index, group] of groups.entries()) {
    const example = entries.find(({ key, command }) => key === group.key && command !== undefined);
    const plan =
      index < MOST_EXPLAINED && example !== undefined ? await planNow(client, example, context) : null;
    made.push({ ...group, planNow: plan });
  }
  return made;
}
