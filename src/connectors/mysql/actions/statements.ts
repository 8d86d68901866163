import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import { waitFor } from "../../../lib/wait.ts";
import type { MysqlClient, Sql } from "../client.ts";
import { maskStatement } from "../mask.ts";
import { orUnseen, told } from "../unseen.ts";
import { numberIn, type Row, textIn } from "../values.ts";
import { Session, sessionsWhere } from "./session-row.ts";

const { read } = actionsOn<MysqlClient>("mysql");

/** Statements that have run for longer than asked, longest first, at most 100. Needs PROCESS. Guides: slow queries, long-running queries. */
export const activeStatements = read({
  name: "mysql.active-statements",
  title: "Statements that run for long",
  input: z.object({ seconds: z.number().min(0).max(86_400).default(5) }),
  output: z.object({ statements: z.array(Session).max(100), notSeen }),
  run: (client, { seconds }, context) =>
    client.read(context, async (sql, here) => {
      const unseen: NotSeen[] = [];
      const statements = await orUnseen("statements of others", unseen, () =>
        sessionsWhere(sql, here, {
          where: `p.COMMAND IN ('Query', 'Execute') AND p.TIME >= ? AND p.USER NOT IN ('system user', 'event_scheduler')`,
          values: [seconds],
        }),
      );
      return { statements: statements ?? [], ...told(unseen) };
    }),
});

const Digest = z.object({
  /** Without literals. */
  statement: z.string(),
  database: z.string(),
  /** Within the interval. */
  calls: z.number(),
  totalMs: z.number(),
  meanMs: z.number(),
  rowsExamined: z.number(),
  rowsSent: z.number(),
  noIndex: z.number(),
  temporaryOnDisk: z.number(),
});
export type StatementDigest = z.infer<typeof Digest>;

/** Statements by what they took within an interval: performance_schema's digests by difference. Where that is off: nothing is counted. */
export const topStatements = read({
  name: "mysql.top-statements",
  title: "Statements that took the most time over an interval",
  timeoutSeconds: 45,
  input: z.object({ seconds: z.number().min(0.2).max(30).default(5) }),
  output: z.object({
    seconds: z.number(),
    /** False: performance_schema is off (MariaDB's default), so nobody counts statements. */
    isCounted: z.boolean(),
    statements: z.array(Digest).max(20),
    notSeen,
  }),
  run: async (client, { seconds }, context) => {
    const unseen: NotSeen[] = [];
    const before = await client.read(context, (sql) => digests(sql, unseen));
    if (before === undefined)
      return { seconds: 0, isCounted: unseen.length > 0, statements: [], ...told(unseen) };
    const begun = performance.now();
    await waitFor(seconds * 1_000, context.signal);
    const after = (await client.read(context, (sql) => digests(sql, unseen))) ?? [];
    return {
      seconds: (performance.now() - begun) / 1_000,
      isCounted: true,
      statements: between(before, after),
      ...told(unseen),
    };
  },
});

const digests = (sql: Sql, unseen: NotSeen[]): Promise<Row[] | undefined> =>
  orUnseen("statements by their digest", unseen, async () => {
    const [on] = await sql("SELECT @@performance_schema AS enabled");
    return numberIn(on, "enabled") === 1 ? sql(DIGESTS) : undefined;
  });

const MOST_DIGESTS = 500;
// Those that were seen last: what ran within the interval is among them.
const DIGESTS = `SELECT DIGEST AS digest, LEFT(DIGEST_TEXT, 1024) AS text, COALESCE(SCHEMA_NAME, '') AS db, COUNT_STAR AS calls,
    SUM_TIMER_WAIT / 1000000000 AS ms, SUM_ROWS_EXAMINED AS examined, SUM_ROWS_SENT AS sent,
    SUM_NO_INDEX_USED AS noIndex, SUM_CREATED_TMP_DISK_TABLES AS disk
  FROM performance_schema.events_statements_summary_by_digest
  WHERE DIGEST IS NOT NULL AND (SCHEMA_NAME IS NULL OR SCHEMA_NAME NOT IN ('performance_schema', 'information_schema', 'sys'))
  ORDER BY LAST_SEEN DESC, SUM_TIMER_WAIT DESC LIMIT ${MOST_DIGESTS}`;

const keyOf = (row: Row): string => `${textIn(row, "db", 64)} ${textIn(row, "digest", 64)}`;

/** Pure. Exported for its test. What was not there before began within the interval, unless that look was cut short itself. */
export function between(before: readonly Row[], after: readonly Row[]): StatementDigest[] {
  const were = new Map(before.map((row) => [keyOf(row), row]));
  const isNew = before.length < MOST_DIGESTS;
  const followed = after.filter((row) => isNew || were.has(keyOf(row)));
  const digestsOf = followed.map((row) => {
    const grown = (column: string): number => {
      const [then, now] = [numberIn(were.get(keyOf(row)), column) ?? 0, numberIn(row, column) ?? 0];
      return now < then ? now : now - then;
    };
    const calls = grown("calls");
    return {
      statement: maskStatement(textIn(row, "text", 1_024)),
      database: textIn(row, "db", 64),
      calls,
      totalMs: grown("ms"),
      meanMs: calls === 0 ? 0 : grown("ms") / calls,
      rowsExamined: grown("examined"),
      rowsSent: grown("sent"),
      noIndex: grown("noIndex"),
      temporaryOnDisk: grown("disk"),
    };
  });
  return digestsOf
    .filter(({ calls }) => calls > 0)
    .sort((a, b) => b.totalMs - a.totalMs)
    .slice(0, 20);
}
