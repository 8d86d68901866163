import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import type { Here, MysqlClient, Sql } from "../client.ts";
import { orUnseen, told } from "../unseen.ts";
import { known } from "../values.ts";
import { type Edge, metadataWaits, rootsOf, rowWaits } from "./lock-edges.ts";
import { Session, sessionsWhere } from "./session-row.ts";

const { read } = actionsOn<MysqlClient>("mysql");

const Waiting = Session.extend({
  /** What it waits for, as far as it is known. */
  lock: z.string(),
  kind: z.enum(["row", "metadata", "other"]),
  /** Numbers of those it waits for; 0 is a transaction prepared by XA. Empty: it is not known. */
  blockedBy: z.array(z.int()),
  waitedSeconds: z.number(),
});
export type Waiting = z.infer<typeof Waiting>;

const Blocking = z.object({
  /** Sessions that have waited for longer than asked, longest first, at most 50 of `total`. */
  waiting: z.array(Waiting).max(50),
  total: z.int(),
  longestSeconds: known,
  /** Whom they all wait for and who wait for nobody themselves, most waiters first, at most 20. */
  roots: z.array(Session).max(20),
  /** Waits for a transaction prepared by XA, which no session owns. */
  behindPrepared: z.int(),
  /**
   * Where it is not known who holds metadata: those with an open transaction that wait for nobody, oldest first, at most 20. One of
   * them may be it; a session that holds LOCK TABLES or a global read lock is not among them.
   */
  candidates: z.array(Session).max(20),
  notSeen,
});
export type Blocking = z.infer<typeof Blocking>;

/** States of sessions that wait for each other, in the words of both products. */
const WAITS = `(p.STATE LIKE 'Waiting for%lock%' OR p.STATE IN ('Waiting for table flush', 'User lock')
  OR (t.trx_id IS NOT NULL AND t.trx_state = 'LOCK WAIT'))`;

/** Who waits for whom, for rows, for metadata or by GET_LOCK, and who began it. Needs PROCESS; for metadata performance_schema. */
export const lockWaits = read({
  name: "mysql.lock-waits",
  title: "Sessions that wait for a lock, and whom they wait for",
  input: z.object({ waitingSeconds: z.number().min(0).max(86_400).default(0) }),
  output: Blocking,
  run: (client, { waitingSeconds }, context) =>
    client.read(context, async (sql, here) => {
      const unseen: NotSeen[] = [];
      const found = await orUnseen("sessions that wait for locks", unseen, () =>
        blockingNow(sql, here, waitingSeconds, unseen),
      );
      const empty = {
        waiting: [],
        total: 0,
        longestSeconds: null,
        roots: [],
        behindPrepared: 0,
        candidates: [],
      };
      return { ...(found ?? empty), ...told(unseen) };
    }),
});

/** What is found; of waits shorter than asked nothing is said. Throws 1227 without PROCESS. */
export async function blockingNow(
  sql: Sql,
  here: Here,
  waitingSeconds: number,
  unseen: NotSeen[],
): Promise<Omit<Blocking, "notSeen">> {
  const sessions = await sessionsWhere(sql, here, { where: WAITS, most: 200 });
  if (sessions.length === 0)
    return { waiting: [], total: 0, longestSeconds: null, roots: [], behindPrepared: 0, candidates: [] };
  const rows = await rowWaits(sql, here);
  const ofMetadata = sessions.some(isMetadata);
  const metadata = ofMetadata ? await metadataWaits(sql, unseen) : [];
  const edges = [...rows, ...(metadata ?? [])];
  const waiting = sessions
    .map((session) => waitingOf(session, edges))
    .filter(({ waitedSeconds }) => waitedSeconds >= waitingSeconds)
    .sort((a, b) => b.waitedSeconds - a.waitedSeconds);
  const concerned = edges.filter(({ waiter }) => waiting.some(({ id }) => id === waiter));
  // Of a chain the ones in the middle may have waited for too short a time to be told, and are followed all the same.
  const roots = rootsOf(reach(edges, concerned));
  if (ofMetadata && metadata === undefined && !unseen.some(({ what }) => what.includes("metadata")))
    unseen.push(NO_METADATA);
  return {
    waiting: waiting.slice(0, 50),
    total: waiting.length,
    longestSeconds: waiting[0]?.waitedSeconds ?? null,
    roots: await byId(sql, here, roots.slice(0, 20)),
    behindPrepared: new Set(concerned.filter(({ blocker }) => blocker === 0).map(({ waiter }) => waiter))
      .size,
    candidates: metadata === undefined && waiting.some(isMetadata) ? await openOnes(sql, here) : [],
  };
}

const NO_METADATA: NotSeen = {
  what: "who holds metadata locks",
  why: "performance_schema is off, or its instrument for metadata locks",
  fix: "performance_schema=ON and performance-schema-instrument='wait/lock/metadata/sql/mdl=ON' (a restart)",
};

const isMetadata = ({ state }: Session): boolean =>
  /metadata lock|table flush|global read lock|backup lock/.test(state);

function waitingOf(session: Session, edges: readonly Edge[]): Waiting {
  const own = edges.filter(({ waiter }) => waiter === session.id);
  const kind = isMetadata(session) ? "metadata" : own.length > 0 || session.state === "" ? "row" : "other";
  return {
    ...session,
    lock: own[0]?.lock ?? (session.state || "a row"),
    kind,
    blockedBy: [...new Set(own.map(({ blocker }) => blocker))].slice(0, 20),
    waitedSeconds: Math.max(0, own[0]?.seconds ?? session.seconds),
  };
}

/** The edges that lead on from `from`. */
function reach(edges: readonly Edge[], from: readonly Edge[]): Edge[] {
  const seen = new Set<Edge>(from);
  for (const { blocker } of seen) for (const edge of edges) if (edge.waiter === blocker) seen.add(edge);
  return [...seen];
}

async function byId(sql: Sql, here: Here, ids: readonly number[]): Promise<Session[]> {
  const wanted = ids.filter((id) => id > 0);
  if (wanted.length === 0) return [];
  const found = await sessionsWhere(sql, here, { where: "p.ID IN (?)", values: [wanted] });
  return found.sort((a, b) => wanted.indexOf(a.id) - wanted.indexOf(b.id));
}

const openOnes = (sql: Sql, here: Here): Promise<Session[]> =>
  sessionsWhere(sql, here, {
    where: `t.trx_id IS NOT NULL AND t.trx_state <> 'LOCK WAIT' AND p.STATE NOT LIKE 'Waiting for%'`,
    order: "t.trx_started, p.ID",
    most: 20,
  });
