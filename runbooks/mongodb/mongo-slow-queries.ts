import {
  chosenOf,
  count,
  type Evidence,
  mongodb,
  type OutputOf,
  orThreshold,
  type RunContext,
  rows,
  runbookOn,
  sayDuration,
  sayPercent,
  z,
} from "../../src/sdk/index.ts";
import { type Group, holdsAll, isServed, namespacesOf, type Operation, sayCreate, scansOf } from "./slow.ts";

type State = OutputOf<typeof mongodb.state>;

/** What makes operations slow: a scan that an index would spare, somebody's lock, a full cache, or too many at once. */
const book = runbookOn(
  "mongodb",
  {
    id: "mongo-slow-queries",
    title: "Slow MongoDB operations",
    covers: [
      "ai-saas.mongo-slow-queries",
      "ai-saas.slow-mongo-index",
      "ai-saas.mongo-compound-index",
      "ai-saas.mongo-query-patterns",
      "ai-saas.slow-responses",
    ],
    alerts: [
      "MongodbSlowQueries",
      "MongoDBSlowQueries",
      "MongodbQueryTargeting",
      "MongodbNumberCursorsOpen",
      "MongodbCursorsTimeouts",
      "MongoDBQueuedOperations",
    ],
    params: z.object({
      seconds: orThreshold("statementSeconds", "seconds from which an operation under way is slow"),
      minutes: z
        .int()
        .min(1)
        .max(1_440)
        .default(60)
        .describe("how far back recorded operations are looked at"),
      smallDocuments: z
        .int()
        .min(0)
        .max(10_000_000)
        .default(10_000)
        .describe("documents up to which going through a whole collection is no fault"),
      endSeconds: z
        .int()
        .min(10)
        .max(86_400)
        .default(60)
        .describe("seconds from which ending an operation is offered"),
      record: z
        .string()
        .max(63)
        .optional()
        .describe("record slow operations of this database with the profiler, by approval"),
      recordMs: z
        .int()
        .min(20)
        .max(60_000)
        .default(100)
        .describe("milliseconds from which they are recorded"),
    }),
  },
  ({ params }) => ({
    operations: mongodb.operations({ seconds: params.seconds }),
    slow: mongodb.slowOperations({ minutes: params.minutes }),
    state: mongodb.state(),
  }),
).andThen(["slow", "operations?"], ({ slow, operations }) => ({
  collections: mongodb.collections({ namespaces: namespacesOf(slow, operations?.operations ?? []) }),
}));

/** The scan that takes the most, where an index is known that would spare it. */
const worstScan = (
  values: { slow: Parameters<typeof scansOf>[0]; collections: Parameters<typeof scansOf>[1] },
  small: number,
) =>
  scansOf(values.slow, values.collections, small).flatMap(({ group, of }) => {
    const keys = mongodb.indexFor(group.shape);
    return keys === undefined || isServed(of, keys) ? [] : [{ group, of, keys }];
  });

const mayIndex = (context: Pick<RunContext, "system" | "uses">, namespace: string): boolean => {
  const allowed = chosenOf(context, "mongodb")?.about?.indexable;
  return Array.isArray(allowed) && allowed.includes(namespace);
};

const endable = ({ spared, seconds, startedAt, client }: Operation, from: number): boolean =>
  spared === null && startedAt !== null && client !== "" && seconds >= from;

const shown = (operations: readonly Operation[]): Evidence =>
  rows("", operations, {
    opid: (one) => one.opid,
    runs: (one) => sayDuration(Math.round(one.seconds) * 1000),
    collection: (one) => one.namespace,
    what: (one) =>
      one.shape === null ? one.op : `${one.op} { ${[...one.shape.equal, ...one.shape.range].join(", ")} }`,
    plan: (one) => one.plan,
    waits: (one) => (one.waitsForLock ? "for a lock" : one.waitsForFlowControl ? "for flow control" : ""),
    application: (one) => one.application,
    client: (one) => one.client,
    "not ended since": (one) => one.spared ?? "",
  });

const kinds = (groups: readonly Group[]): Evidence =>
  rows("", groups, {
    collection: (one) => one.namespace,
    what: (one) => one.says,
    times: (one) => one.times,
    "in all": (one) => sayDuration(Math.round(one.totalMs)),
    longest: (one) => sayDuration(Math.round(one.longestMs)),
    examined: (one) => one.examined,
    returned: (one) => one.returned,
    plan: (one) => one.plan,
    "plan now": (one) => one.planNow,
    "sorts in memory": (one) => (one.sortsInMemory ? "yes" : ""),
    applications: (one) => one.applications.join(", "),
  });

const ticketsOut = ({ now: { tickets } }: State): string[] =>
  (["read", "write"] as const).flatMap((kind) => {
    const one = tickets[kind];
    return one !== null && one.available === 0 && (one.out ?? 0) > 0
      ? [`${one.out} of ${one.total ?? one.out} ${kind} tickets`]
      : [];
  });

export const mongoSlowQueries = book
  .remedies({
    end: book.does(mongodb.killOperation, ["operations"], ({ operations }, { params }) =>
      operations.operations
        .filter((one) => endable(one, params.endSeconds))
        .slice(0, 5)
        .map(({ opid, client, startedAt }) => ({ opid, client, startedAt: startedAt ?? "" })),
    ),
    createIndex: book.does(mongodb.createIndex, ["slow", "collections"], (values, context) =>
      worstScan(values, context.params.smallDocuments)
        .filter(({ of }) => mayIndex(context, of.namespace))
        .slice(0, 1)
        .map(({ of, keys }) => ({ namespace: of.namespace, keys })),
    ),
    record: book.does(mongodb.setProfiler, ["slow"], ({ slow }, { params }) => {
      const now = slow.profilers.find(({ database }) => database === params.record);
      if (now === undefined) return undefined;
      const { database, level, slowMs, sampleRate } = now;
      return {
        database,
        from: { level, slowMs, sampleRate },
        to: { level: 1, slowMs: params.recordMs, sampleRate: 1 },
      };
    }),
    indexByHand: book.advises("Create the index", "high", ({ slow, collections }, context) => {
      const found =
        slow === undefined || collections === undefined
          ? []
          : worstScan({ slow, collections }, context.params.smallDocuments);
      const lines = found.slice(0, 3).map(({ of, keys }) => `\`${sayCreate(of.namespace, keys)}\``);
      return `${lines.length === 0 ? "Which index would help, its shape does not tell: look at the query itself." : `In mongosh, off-peak: ${lines.join(", ")}. Fields compared for equality come first, then the order, then ranges; the most selective of the equal ones first is for whoever knows the data.`} Each index slows down every write, and members build it, too. \`indexes: { collections: […] }\` of the connection lets diagbot build it once it is approved.`;
    }),
    askLess: book.advises(
      "Ask for what is needed only",
      "low",
      "`find_one` (or `limit`) with a filter whose fields have an index, and a projection of the fields that are used: documents examined should be about as many as are returned. A pattern that does not begin at the beginning (`/…/` without `^`), `$ne`, `$nin`, `$where` and a skip of thousands go through far more than they give, with any index.",
    ),
    releaseLock: book.advises("End what holds the lock", "high", ({ operations }) => {
      const holders = (operations?.operations ?? []).filter(holdsAll);
      return holders.length === 0
        ? 'None of the operations that are shown holds an exclusive lock: `db.currentOp({ "locks.Global": "W" })`, `db.fsyncUnlock()` where somebody locked it for a backup, and an index build at its end are what else it may be.'
        : `${holders
            .map(
              (one) =>
                `operation ${one.opid} on ${one.namespace} (${one.application || one.client || "the server itself"}${one.message === "" ? "" : `, ${one.message}`})`,
            )
            .slice(0, 3)
            .join(
              "; ",
            )}. A command that changes a collection's indexes or name waits for long reads and lets nobody past meanwhile: end the long read before it, or run it when there is none.`;
    }),
    makeRoom: book.advises(
      "Make room in the cache",
      "low",
      "What is read and written at once is more than the cache holds, or the disk does not take the changes in time: look at its write latency first. Scans push out what others need, so the scans above come first; then more memory for the server (its cache is half of it, less one GiB). `wiredTigerCacheSizeGB` beyond that takes what the file cache has.",
    ),
  })
  .findings((find) => [
    find(["operations"], ({ operations }) => {
      const waiting = operations.operations.filter(({ waitsForLock }) => waitsForLock);
      if (waiting.length === 0) return undefined;
      const holders = operations.operations.filter(holdsAll);
      return {
        id: "lock-waits",
        severity: waiting.length >= 10 ? "critical" : "warning",
        title: `${count(waiting.length, "operation")} ${waiting.length === 1 ? "waits" : "wait"} for a lock`,
        because:
          holders.length === 0
            ? "Who holds it is not among the operations that are shown."
            : `Held by ${holders
                .map((one) => `operation ${one.opid} on ${one.namespace}`)
                .slice(0, 3)
                .join(", ")}, for ${sayDuration(Math.round(holders[0]?.seconds ?? 0) * 1000)}.`,
        evidence: [shown([...holders, ...waiting])],
        explains: ["slow-now"],
        remedies: ["releaseLock"],
      };
    }),
    find(["state"], ({ state }) => {
      const out = ticketsOut(state);
      return (
        out.length > 0 && {
          id: "tickets",
          severity: "critical",
          title: `The storage engine takes no more at once: ${out.join(", ")} are out`,
          because:
            "Either many long operations are at work together, or each is slow since disk or cache do not keep up. To tell them apart: the operations and the cache below, and the disk of the machine. More tickets make it worse.",
          evidence: [],
          remedies: ["askLess" as const],
        }
      );
    }),
    find(["state"], ({ state }) => {
      const { cache } = state.now;
      if (cache?.maxBytes == null || cache.maxBytes === 0) return undefined;
      const used = (cache.usedBytes ?? 0) / cache.maxBytes;
      const dirty = (cache.dirtyBytes ?? 0) / cache.maxBytes;
      const evicted = state.since.evictedByOperations ?? 0;
      // WiredTiger keeps it at 80 %; beyond 95 %, or with a fifth dirty, operations have to evict themselves.
      if (evicted < 1 || (used < 0.95 && dirty < 0.2)) return undefined;
      return {
        id: "cache-pressure",
        severity: "warning",
        title: `The cache is full: ${sayPercent(used)} used, ${sayPercent(dirty)} changed and not yet written`,
        because: `Operations evict ${Math.round(evicted)} pages a second themselves before they go on, since the cache's own threads do not keep up. A cache that is 80 % full is normal.`,
        explains: ["tickets"],
        remedies: ["makeRoom"],
      };
    }),
    find(["slow", "collections"], ({ slow, collections }, context) => {
      const scans = scansOf(slow, collections, context.params.smallDocuments);
      const [worst] = scans;
      if (worst === undefined) return undefined;
      const known = worstScan({ slow, collections }, context.params.smallDocuments);
      const can = known.some(({ of }) => mayIndex(context, of.namespace));
      const { group, of } = worst;
      return {
        id: "scans",
        severity: "warning",
        title: `${group.namespace}: ${group.examined ?? of.documents} documents looked at for ${group.returned ?? "?"}`,
        because: `${count(group.times, "slow operation")} of the kind “${group.says}” within ${slow.minutes} min, ${sayDuration(Math.round(group.totalMs))} in all; the collection holds ${of.documents ?? "?"} documents.${group.planNow === null ? "" : ` The planner would choose ${group.planNow} now.`} Only what took longer than the server's own limit is recorded${slow.logSince === null ? "" : `, and its log in memory reaches back to ${slow.logSince.slice(0, 16)}Z`}.`,
        evidence: [kinds(scans.map((one) => one.group))],
        explains: ["slow-now", "tickets", "cache-pressure"],
        remedies:
          known.length === 0 ? ["askLess"] : can ? ["createIndex", "askLess"] : ["indexByHand", "askLess"],
      };
    }),
    find(["operations"], ({ operations }, { params }) => {
      const slow = operations.operations.filter(({ waitsForLock }) => !waitsForLock);
      const [longest] = slow;
      if (longest === undefined) return undefined;
      const ends = slow.some((one) => endable(one, params.endSeconds));
      const open = slow.filter(({ transactionSeconds }) => transactionSeconds !== null);
      return {
        id: "slow-now",
        severity: slow.some((one) => one.spared === null && one.seconds >= params.endSeconds)
          ? "warning"
          : "info",
        title: `${count(slow.length, "operation")} under way for over ${params.seconds} s, the longest ${sayDuration(Math.round(longest.seconds) * 1000)}`,
        because: `The longest is ${longest.op} on ${longest.namespace}${longest.plan === "" ? "" : ` by ${longest.plan}`} of ${longest.application || longest.client || "the server itself"}. Whether it is a report that may take so long, only its owner knows.${open.length === 0 ? "" : ` ${count(open.length, "transaction")} open: what they locked stays locked.`}`,
        evidence: [shown(slow)],
        remedies: ends ? ["end"] : [],
      };
    }),
    find(["slow"], ({ slow }, { params }) => {
      if (params.record === undefined) return undefined;
      const now = slow.profilers.find(({ database }) => database === params.record);
      return {
        id: "record-asked",
        severity: "info",
        title:
          now === undefined
            ? `The profiler of ${params.record} cannot be seen, or there is no such database`
            : `Recording slow operations of ${params.record}: asked for`,
        because:
          "Somebody asked for it. The log has what is slower than the server's limit already; the profiler adds plans and what quicker ones do.",
        remedies: now === undefined ? [] : ["record"],
      };
    }),
  ]);
