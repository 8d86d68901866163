import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mysqlReplication } from "../../../runbooks/mysql/mysql-replication.ts";
import { mysqlConnector } from "../../../src/connectors/mysql/index.ts";
import { type MysqlServer, startMysql, whyNoMysql } from "../../helpers/mysql-server.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const missing = whyNoMysql();
let primary: MysqlServer;
let replica: MysqlServer;
let bench: Bench;

const idsOf = ({ findings }: Diagnosis) => findings.map(({ id }) => id);
const diagnose = (params: Record<string, unknown> = {}) => bench.diagnose(mysqlReplication, params);
const status = async () => (await replica.admin("SHOW SLAVE STATUS"))[0] ?? {};
const becomes = (is: (row: Record<string, unknown>) => boolean) => until(async () => is(await status()));
const runs = () => becomes((row) => row.Slave_IO_Running === "Yes" && row.Slave_SQL_Running === "Yes");

describe.skipIf(missing !== undefined)(
  `mysql-replication${missing === undefined ? "" : `: ${missing}`}`,
  () => {
    beforeAll(async () => {
      [primary, replica] = await Promise.all([startMysql(["log-bin=b"]), startMysql(["server-id=2"])]);
      await primary.admin(
        "CREATE TABLE shop.t (id INT PRIMARY KEY) ENGINE=InnoDB; CREATE USER repl@'127.%' IDENTIFIED BY 'x'; GRANT REPLICATION SLAVE ON *.* TO repl@'127.%'",
      );
      await replica.admin("CREATE TABLE shop.t (id INT PRIMARY KEY) ENGINE=InnoDB");
      bench = openBench({
        connections: { db: { kind: "mysql", url: replica.url() } },
        connectors: [mysqlConnector],
      });
    });
    afterAll(async () => {
      await bench.close();
      await Promise.all([primary.stop(), replica.stop()]);
    });

    it("says that a server is no replica, unless that is meant", async () => {
      expect(idsOf(await diagnose())).toEqual(["no-replica"]);
      expect(idsOf(await diagnose({ replica: false }))).toEqual([]);
    });

    it("is silent where it receives and applies, and where a delay is set on purpose", async () => {
      const [at] = await primary.admin("SHOW MASTER STATUS");
      await replica.admin(
        `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${primary.port}, MASTER_USER='repl', MASTER_PASSWORD='x', MASTER_LOG_FILE='${String(at?.File)}', MASTER_LOG_POS=${Number(at?.Position)}, MASTER_CONNECT_RETRY=1; START SLAVE`,
      );
      await runs();
      await primary.admin("INSERT INTO shop.t VALUES (1)");
      await becomes((row) => row.Seconds_Behind_Master === 0);
      expect(idsOf(await diagnose())).toEqual([]);
      await replica.admin("STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=3600; START SLAVE");
      await runs();
      await primary.admin("INSERT INTO shop.t VALUES (2)");
      expect(idsOf(await diagnose({ lagSeconds: 1 }))).toEqual([]);
      await replica.admin("STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=0; START SLAVE");
      await until(async () => (await replica.admin("SELECT 1 FROM shop.t WHERE id = 2")).length === 1);
    });

    it("finds a replica that is behind while it applies", async () => {
      const reader = await replica.session();
      await reader.query("LOCK TABLES t READ");
      await primary.admin("INSERT INTO shop.t VALUES (3)");
      await becomes((row) => Number(row.Seconds_Behind_Master) >= 2);
      const run = await diagnose({ lagSeconds: 1 });
      expect(idsOf(run)).toEqual(["lag"]);
      expect(run.finding("lag").because).toMatch(/metadata lock|applies more slowly/i);
      await replica.endSessions();
      await becomes((row) => row.Seconds_Behind_Master === 0);
    });

    it("finds who stopped receiving, and tells a stop from an error", async () => {
      await replica.admin("STOP SLAVE IO_THREAD");
      await becomes((row) => row.Slave_IO_Running === "No");
      const stopped = await diagnose();
      expect(idsOf(stopped)).toEqual(["not-receiving"]);
      expect(stopped.finding("not-receiving").remedies).toEqual(["startThreads"]);
      await replica.admin("STOP SLAVE; CHANGE MASTER TO MASTER_PASSWORD='wrong'; START SLAVE");
      await becomes((row) => Number(row.Last_IO_Errno) === 1045);
      const refused = await diagnose();
      expect(refused.finding("not-receiving").title).toContain("error 1045");
      expect(refused.advice("receive")).toContain("MASTER_PASSWORD");
      await replica.admin("STOP SLAVE; CHANGE MASTER TO MASTER_PASSWORD='x'; START SLAVE");
      await runs();
    });

    it("finds what cannot be applied, and never offers to skip it", async () => {
      await replica.admin("INSERT INTO shop.t VALUES (9)");
      await primary.admin("INSERT INTO shop.t VALUES (9)");
      await becomes((row) => row.Slave_SQL_Running === "No");
      const run = await diagnose();
      expect(idsOf(run)).toEqual(["not-applying"]);
      expect(run.finding("not-applying").title).toContain("error 1062");
      expect(run.advice("apply")).toContain("makes them differ more");
    });
  },
);
