import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import type { MysqlClient, Sql } from "../client.ts";
import { orUnseen, told } from "../unseen.ts";
import { figure, known, numberIn, textIn } from "../values.ts";
import { shown } from "./state.ts";

const { read } = actionsOn<MysqlClient>("mysql");

const MOST = 50;

const Table = z.object({
  schema: z.string(),
  table: z.string(),
  engine: z.string(),
  /** As the server's statistics say. */
  rows: known,
  bytes: z.number(),
});

const Counter = z.object({
  schema: z.string(),
  table: z.string(),
  column: z.string(),
  /** E.g. `int(11) unsigned`. */
  type: z.string(),
  next: z.number(),
  most: z.number(),
  /** next / most. */
  used: z.number(),
});
export type AutoIncrement = z.infer<typeof Counter>;

/** The largest number of each type; unsigned twice that. */
const LARGEST = {
  tinyint: 127,
  smallint: 32_767,
  mediumint: 8_388_607,
  int: 2_147_483_647,
  bigint: 9.223372036854776e18,
};

const OWN = "('mysql', 'information_schema', 'performance_schema', 'sys')";

/** Tables by size, and counters of rows (AUTO_INCREMENT) that come to the end of their type. Only tables diagbot's user has any privilege on. */
export const tables = read({
  name: "mysql.tables",
  title: "Largest tables, and row numbers that run out",
  timeoutSeconds: 20,
  input: z.object({
    /** Counters with less used than this share are left out. */
    used: z.number().min(0).max(1).default(0.7),
  }),
  output: z.object({
    tables: z.array(Table).max(MOST),
    /** Those that are fullest first. */
    counters: z.array(Counter).max(MOST),
    totalBytes: z.number(),
    notSeen,
  }),
  run: (client, { used }, context) =>
    client.read(context, async (sql) => {
      const [sum] = await sql(
        `SELECT COUNT(*) AS n, SUM(DATA_LENGTH + INDEX_LENGTH) AS bytes FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT IN ${OWN}`,
      );
      return {
        tables: (await largest(sql)).slice(0, MOST),
        counters: await counters(sql, used),
        totalBytes: numberIn(sum, "bytes") ?? 0,
        ...told(numberIn(sum, "n") === 0 ? [NO_TABLES] : []),
      };
    }),
});

const NO_TABLES: NotSeen = {
  what: "tables",
  why: "the server shows diagbot's user none: either there are none, or it has no privilege on any",
  fix: "GRANT REFERENCES ON *.* to diagbot's user: it shows definitions and no rows",
};

const largest = async (sql: Sql) => {
  const rows = await sql(
    `SELECT TABLE_SCHEMA AS sch, TABLE_NAME AS name, ENGINE AS engine, TABLE_ROWS AS n, DATA_LENGTH + INDEX_LENGTH AS bytes
     FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT IN ${OWN} AND TABLE_TYPE = 'BASE TABLE'
     ORDER BY bytes DESC, sch, name LIMIT ${MOST}`,
  );
  return rows.map((row) => ({
    schema: textIn(row, "sch", 64),
    table: textIn(row, "name", 64),
    engine: textIn(row, "engine", 30),
    rows: numberIn(row, "n"),
    bytes: numberIn(row, "bytes") ?? 0,
  }));
};

async function counters(sql: Sql, least: number): Promise<AutoIncrement[]> {
  const largestOf = Object.entries(LARGEST)
    .map(([type, most]) => `WHEN '${type}' THEN ${most}`)
    .join(" ");
  const rows = await sql(
    `SELECT * FROM (SELECT t.TABLE_SCHEMA AS sch, t.TABLE_NAME AS name, c.COLUMN_NAME AS col, c.COLUMN_TYPE AS type,
         t.AUTO_INCREMENT AS next, (CASE c.DATA_TYPE ${largestOf} END) * IF(c.COLUMN_TYPE LIKE '%unsigned%', 2, 1) AS most
       FROM information_schema.COLUMNS c JOIN information_schema.TABLES t USING (TABLE_SCHEMA, TABLE_NAME)
       WHERE c.EXTRA LIKE '%auto_increment%' AND t.TABLE_SCHEMA NOT IN ${OWN}) one
     WHERE next / most >= ? ORDER BY next / most DESC, sch, name LIMIT ${MOST}`,
    [least],
  );
  return rows.map((row) => {
    const [next, most] = [numberIn(row, "next") ?? 0, numberIn(row, "most") ?? 1];
    return {
      schema: textIn(row, "sch", 64),
      table: textIn(row, "name", 64),
      column: textIn(row, "col", 64),
      type: textIn(row, "type", 60),
      next,
      most,
      used: next / most,
    };
  });
}

const BinaryLogs = z.object({
  /** Null: hidden, or the server writes none. */
  files: known,
  bytes: known,
  isOn: z.boolean().nullable(),
  /** After so many seconds a file is purged; 0: never; null: not said. */
  expireSeconds: known,
  notSeen,
});
export type BinaryLogs = z.infer<typeof BinaryLogs>;

/** Binary logs: how many, how large, and when they are purged. Needs REPLICATION CLIENT, in MariaDB BINLOG MONITOR. */
export const binaryLogs = read({
  name: "mysql.binary-logs",
  title: "Binary logs and when they are purged",
  input: z.object({}),
  output: BinaryLogs,
  run: (client, _input, context) =>
    client.read(context, async (sql) => {
      const names = ["log_bin", "binlog_expire_logs_seconds", "expire_logs_days"];
      const variables = await shown(sql, "VARIABLES", names);
      const isOn = variables.get("log_bin")?.toUpperCase() === "ON";
      const days = figure(variables, "expire_logs_days");
      const unseen: NotSeen[] = [];
      const files = isOn
        ? await orUnseen("the size of the binary logs", unseen, () => sql("SHOW BINARY LOGS"))
        : undefined;
      return {
        isOn: variables.has("log_bin") ? isOn : null,
        files: files?.length ?? null,
        bytes: files?.reduce((sum, row) => sum + (numberIn(row, "File_size") ?? 0), 0) ?? null,
        expireSeconds:
          figure(variables, "binlog_expire_logs_seconds") || (days === null ? null : days * 86_400),
        ...told(unseen),
      };
    }),
});
