import { until } from "../../../helpers/until.ts";
import { scenario } from "../../words.ts";

/** Longer than the runbook takes for a wait that passes by itself. */
const LONG_SECONDS = 3;

export const mysqlHeldRow = scenario({
  id: "mysql/held-row",
  items: [],
  needs: ["mysql"],
  situation:
    "a worker changed a row and sleeps in its transaction; two others wait for it, one behind the other",
  twin: "a transaction that was opened a moment ago, and others at work beside it that wait for nobody",
  alert: { name: "MysqlRowLockWaits", severity: "critical", summary: "Statements wait for rows on shop" },
  expect: { first: "blocked-sessions", remedy: "endBlockers", apply: true },
  place: ({ mysql }) => {
    let waiting: Promise<string>[] = [];
    const table = () =>
      mysql.admin(
        "CREATE TABLE IF NOT EXISTS shop.orders (id INT PRIMARY KEY, paid INT) ENGINE=InnoDB; REPLACE INTO shop.orders VALUES (1, 0), (2, 0), (3, 0)",
      );
    const hold = async (id: number): Promise<void> => {
      const one = await mysql.session();
      await one.query("START TRANSACTION");
      await one.query(`UPDATE orders SET paid = 1 WHERE id = ${id}`);
    };
    return {
      connections: { database: { kind: "mysql", url: mysql.url() } },
      break: async (keep) => {
        keep(() => mysql.endSessions());
        await table();
        await hold(1);
        waiting = [];
        for (let n = 0; n < 2; n += 1) {
          const one = await mysql.session();
          await one.query("SET innodb_lock_wait_timeout = 300");
          waiting.push(
            one.query("UPDATE orders SET paid = 2 WHERE id = 1").then(
              () => "done",
              (error: Error) => error.message,
            ),
          );
        }
        await until(
          async () =>
            (
              await mysql.admin(
                `SELECT 1 FROM information_schema.PROCESSLIST WHERE USER = 'app' AND COMMAND = 'Query' AND TIME >= ${LONG_SECONDS}`,
              )
            ).length === 2,
        );
      },
      gone: async () => (await Promise.all(waiting)).every((word) => word === "done"),
      twin: async (keep) => {
        keep(() => mysql.endSessions());
        await table();
        await hold(1);
        for (const id of [2, 3])
          await (await mysql.session()).query(`UPDATE orders SET paid = 2 WHERE id = ${id}`);
      },
    };
  },
});
