import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import type { Here, MysqlClient, Sql } from "../client.ts";
import { orUnseen, told } from "../unseen.ts";
import { figure, known, numberIn } from "../values.ts";
import { Session, sessionsWhere } from "./session-row.ts";
import { shown } from "./state.ts";

const { read } = actionsOn<MysqlClient>("mysql");

const Open = z.object({
  /** Open for longer than asked, oldest first, at most 100. */
  transactions: z.array(Session).max(100),
  /** Prepared by XA and owned by no session: they hold their locks until somebody ends them. */
  prepared: z.int(),
  /** Undo that purge has not cleaned, in units of transactions; null: it is not said. */
  historyLength: known,
  notSeen,
});
export type OpenTransactions = z.infer<typeof Open>;

/** Transactions that have been open for long, and what purge has not cleaned for them. Needs PROCESS. */
export const openTransactions = read({
  name: "mysql.open-transactions",
  title: "Transactions open for long, and the history list",
  input: z.object({ olderThanSeconds: z.number().min(0).max(6_000_000).default(60) }),
  output: Open,
  run: (client, { olderThanSeconds }, context) =>
    client.read(context, async (sql, here) => {
      const unseen: NotSeen[] = [];
      const seen = await orUnseen("transactions", unseen, async () => ({
        transactions: await sessionsWhere(sql, here, {
          where: "t.trx_id IS NOT NULL AND t.trx_started <= NOW() - INTERVAL ? SECOND",
          values: [olderThanSeconds],
          order: "t.trx_started, p.ID",
        }),
        prepared: await preparedOf(sql),
      }));
      return {
        ...(seen ?? { transactions: [], prepared: 0 }),
        historyLength: await historyOf(sql, here),
        ...told(unseen),
      };
    }),
});

// A transaction that rolls back after a crash has no session either; only a prepared one stays RUNNING without one.
async function preparedOf(sql: Sql): Promise<number> {
  const [row] = await sql(
    "SELECT COUNT(*) AS n FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = 0 AND trx_state <> 'ROLLING BACK' AND trx_rows_modified > 0",
  );
  return numberIn(row, "n") ?? 0;
}

/** A status of MariaDB; in MySQL a metric that is on by default. */
async function historyOf(sql: Sql, { flavour }: Here): Promise<number | null> {
  if (flavour === "mariadb")
    return figure(await shown(sql, "STATUS", ["Innodb_history_list_length"]), "Innodb_history_list_length");
  const rows = await orUnseen("history list", [], () =>
    sql("SELECT COUNT AS n FROM information_schema.INNODB_METRICS WHERE NAME = 'trx_rseg_history_len'"),
  );
  return numberIn(rows?.[0], "n");
}
