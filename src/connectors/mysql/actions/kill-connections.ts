import { z } from "zod";
import { type ActionContext, actionsOn } from "../../../core/words/action.ts";
import { sayDuration } from "../../../core/words/duration.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { clip, count } from "../../../core/words/format.ts";
import type { Json } from "../../../core/words/json.ts";
import { waitFor } from "../../../lib/wait.ts";
import { beforeEffect, refused } from "../../before-effect.ts";
import type { MysqlClient } from "../client.ts";
import { blockingNow } from "./locks.ts";
import { type Session, SessionId, sessionsWhere } from "./session-row.ts";
import { sessionsNow } from "./sessions-now.ts";

/** At most this many sessions are ended by one call. */
const MOST = 50;

const Wanted = z.object({
  sessions: z
    .array(
      SessionId.extend({
        /** When its transaction began, as the server wrote it; empty: it had none. Another one now is somebody's new work. */
        transaction: z.string().max(60),
        /** The number of its last statement (MariaDB); null: not known. One that has said something since is spared. */
        queryId: z.number().nullable(),
      }),
    )
    .min(1)
    .max(MOST),
  /** What must still be true of each: asleep for so many seconds, or others wait for it while it waits for nobody (`blocks`). */
  because: z.union([z.object({ asleepSeconds: z.number().min(0) }), z.literal("blocks")]),
});
type Wanted = z.output<typeof Wanted>;

/** InnoDB answers from a cache that it renews only once nobody has asked for 100 ms: what was read a moment ago may be over. */
const CACHED_MS = 150;

/** Those of which all is still true now. Throws DiagError. */
async function eligible(client: MysqlClient, wanted: Wanted, context: ActionContext): Promise<Session[]> {
  await waitFor(CACHED_MS, context.signal);
  const ids = wanted.sessions.map(({ id }) => id);
  const { found, roots } = await client.read(context, async (sql, here) => ({
    found: await sessionsWhere(sql, here, { where: "p.ID IN (?)", values: [ids], most: MOST }),
    roots: wanted.because === "blocks" ? (await blockingNow(sql, here, 0, [])).roots : [],
  }));
  const { because } = wanted;
  return found.filter(
    (now) =>
      wanted.sessions.some((one) => isIt(one, now)) &&
      now.spared === null &&
      (because === "blocks"
        ? roots.some(({ id }) => id === now.id)
        : now.command === "Sleep" && now.seconds >= because.asleepSeconds && isSilent(wanted, now)),
  );
}

const isIt = (wanted: Wanted["sessions"][number], now: Session): boolean =>
  wanted.id === now.id &&
  wanted.user === now.user &&
  wanted.host === now.host &&
  wanted.transaction === now.transaction;

const isSilent = ({ sessions }: Wanted, now: Session): boolean =>
  sessions.some(({ id, queryId }) => id === now.id && (queryId === null || queryId === now.queryId));

const inWords = ({ because }: Wanted): string =>
  because === "blocks"
    ? "in the way of others, in the same transaction"
    : `asleep for ${sayDuration(because.asleepSeconds * 1000)}, in the same transaction or none`;

/**
 * `KILL` of sessions, each seen again just before: same number, user, client and transaction, and still asleep or in the way. What a
 * transaction has changed is rolled back. Never the server's own, of replication, backups, monitors or diagbot. At most 50.
 */
export const killConnections = actionsOn<MysqlClient>("mysql").write({
  name: "mysql.kill-connections",
  title: "End sessions",
  class: "guarded",
  risk: "high",
  timeoutSeconds: 20,
  input: Wanted,
  output: z.object({ ended: z.array(SessionId), spared: z.int() }),
  target: () => "sessions",
  preview: async (client, wanted, context) => {
    const now = await eligible(client, wanted, context);
    const witness = {
      sessions: now.map(({ id, user, host, database, transaction }) => ({
        ...{ id, user, host, database, transaction },
      })),
    };
    if (now.length === 0)
      return { changes: [], witness, nothingToDo: `none of them is ${inWords(wanted)} any more` };
    return { changes: now.map((one) => `end ${saySession(one)}`), witness };
  },
  // One that went to work or left is spared; one that is somebody else's now is none of those that are asked for.
  drift: (then, now) => {
    const approved = new Set(idsOf(then));
    return idsOf(now).flatMap((id) =>
      approved.has(id) ? [] : [`session ${id} was not in the approved list`],
    );
  },
  run: async (client, wanted, context) => {
    const now = await beforeEffect(() => eligible(client, wanted, context));
    if (now.length === 0) throw refused(`no session is ${inWords(wanted)} any more`);
    const ended: SessionId[] = [];
    for (const { id, user, host } of now)
      if (await end(client, id, ended, context)) ended.push({ id, user, host });
    return { ended, spared: wanted.sessions.length - ended.length };
  },
  probe: async (client, wanted, _witness, context) => {
    const left = await eligible(client, wanted, context);
    const evidence = `${left.length} of ${count(wanted.sessions.length, "approved session")} still ${inWords(wanted)}`;
    if (left.length === 0) return { verdict: "done", evidence };
    return { verdict: left.length === wanted.sessions.length ? "not-done" : "unknown", evidence };
  },
  undo: "none: clients connect again by themselves; an open transaction is rolled back",
  settled: {
    within: "60s",
    check: ({ sessions }) => ({ left: sessionsNow({ ids: sessions.map(({ id }) => id) }) }),
    holds: ({ left }, _input, { ended }) => !ended.some((one) => isLeft(left.sessions, one)),
    figures: ({ left }, { sessions }) => `sessions of the plan ${sessions.length} → ${left.sessions.length}`,
  },
});

/** False: it had left by itself (1094). What is refused after others were ended is no longer "nothing was done". */
async function end(
  client: MysqlClient,
  id: number,
  ended: readonly SessionId[],
  context: Parameters<MysqlClient["act"]>[0],
): Promise<boolean> {
  try {
    await client.act(context, "KILL ?", [id]);
    return true;
  } catch (thrown) {
    if (!(thrown instanceof DiagError)) throw thrown;
    if (thrown.detail === "1094") return false;
    if (ended.length === 0 || thrown.code !== "target_refused") throw thrown;
    throw new DiagError("target_error", `${count(ended.length, "session")} ended, then: ${thrown.message}`, {
      cause: thrown,
    });
  }
}

const idsOf = (witness: Json): number[] =>
  ((witness as unknown as { sessions?: { id: number }[] } | null)?.sessions ?? []).map(({ id }) => id);

const isLeft = (all: readonly Session[], { id, user, host }: SessionId): boolean =>
  all.some((one) => one.id === id && one.user === user && one.host === host);

/** `session 4711: shop@10.0.0.7:41234/orders, asleep for 22 min, in a transaction for 25 min that changed 12 rows`. */
export const saySession = (one: Session): string =>
  clip(
    [
      `session ${one.id}: ${one.user}@${one.host}${one.database === "" ? "" : `/${one.database}`}`,
      one.command === "Sleep"
        ? `asleep for ${sayDuration(Math.round(one.seconds) * 1000)}`
        : `running for ${sayDuration(Math.round(one.seconds) * 1000)}${one.statement === "" ? "" : ` (${clip(one.statement, 80)})`}`,
      ...(one.transaction === "" ? [] : [sayTransaction(one)]),
    ].join(", "),
    300,
  );

const sayTransaction = ({ transactionSeconds, rowsModified }: Session): string =>
  `in a transaction${transactionSeconds === null ? "" : ` for ${sayDuration(transactionSeconds * 1000)}`}${(rowsModified ?? 0) > 0 ? ` that changed ${count(rowsModified ?? 0, "row")}` : ""}`;
