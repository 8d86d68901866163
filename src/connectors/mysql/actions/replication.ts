import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import type { Here, MysqlClient, Sql } from "../client.ts";
import { orUnseen, told } from "../unseen.ts";
import { known, numberIn, type Row, textIn } from "../values.ts";

const { read } = actionsOn<MysqlClient>("mysql");

const Channel = z.object({
  /** Empty: the default one. */
  name: z.string(),
  source: z.string(),
  /** `Yes`, `No`, `Connecting`, `Preparing`. */
  io: z.string(),
  sql: z.string(),
  ioErrno: z.number(),
  ioError: z.string(),
  sqlErrno: z.number(),
  sqlError: z.string(),
  /** What the applying thread says it does. */
  state: z.string(),
  ioState: z.string(),
  /** As the server computes it: of the statement at work, null while a thread stands still or nothing is known. */
  secondsBehind: known,
  /** Of a delay that is set on purpose. */
  delaySeconds: z.number(),
  relayBytes: known,
  /** Where it reads, and where it applies: `binlog.000004:1234`. */
  readAt: z.string(),
  appliedAt: z.string(),
  /** `Slave_Pos`, `Yes`, …; empty: by position. */
  gtid: z.string(),
  gtidPosition: z.string(),
});
export type ReplicaChannel = z.infer<typeof Channel>;

const Replication = z.object({
  /** Channels it receives by; empty: it is no replica. */
  channels: z.array(Channel).max(32),
  readOnly: z.boolean().nullable(),
  /** Replicas that receive from this server now; null: hidden (PROCESS). */
  replicas: known,
  notSeen,
});
export type Replication = z.infer<typeof Replication>;

/** Channels of a replica: SHOW REPLICA STATUS, by the name the product and version have for it. Needs REPLICATION CLIENT, in MariaDB SLAVE MONITOR. */
export const replication = read({
  name: "mysql.replication",
  title: "Replication, channel by channel",
  input: z.object({}),
  output: Replication,
  run: (client, _input, context) =>
    client.read(context, async (sql, here) => {
      const unseen: NotSeen[] = [];
      const channels = await orUnseen("replication", unseen, () => channelsOf(sql, here));
      const [mode] = await sql("SELECT @@GLOBAL.read_only AS readOnly");
      const others: NotSeen[] = [];
      const dumps = await orUnseen("replicas", others, async () => {
        await sql("SELECT 1 FROM information_schema.INNODB_TRX LIMIT 1");
        return sql(
          "SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'",
        );
      });
      return {
        channels: (channels ?? []).slice(0, 32).map(channelOf),
        readOnly: numberIn(mode, "readOnly") === null ? null : numberIn(mode, "readOnly") !== 0,
        replicas: numberIn(dumps?.[0], "n"),
        ...told(unseen),
      };
    }),
});

async function channelsOf(sql: Sql, { flavour }: Here): Promise<Row[]> {
  if (flavour === "mariadb") return sql("SHOW ALL SLAVES STATUS");
  try {
    return await sql("SHOW REPLICA STATUS");
  } catch (thrown) {
    // Before 8.0.22.
    if (!(thrown instanceof DiagError) || thrown.detail !== "1064") throw thrown;
    return sql("SHOW SLAVE STATUS");
  }
}

/** A row in the words of MariaDB and of MySQL before and after 8.0.22. Pure. Exported for its test. */
export function channelOf(row: Row): ReplicaChannel {
  const column = (name: string): string =>
    [name, name.replace("Slave", "Replica").replace("Master", "Source")].find((one) => one in row) ?? name;
  const text = (name: string, most = 300): string => textIn(row, column(name), most);
  const number = (name: string): number => numberIn(row, column(name)) ?? 0;
  const place = (file: string, position: string): string =>
    text(file, 120) === "" ? "" : `${text(file, 120)}:${number(position)}`;
  return {
    name: text("Connection_name", 100) || text("Channel_Name", 100),
    source: `${text("Master_Host", 200)}:${number("Master_Port")}`,
    io: text("Slave_IO_Running", 30),
    sql: text("Slave_SQL_Running", 30),
    ioErrno: number("Last_IO_Errno"),
    ioError: text("Last_IO_Error", 500),
    sqlErrno: number("Last_SQL_Errno"),
    sqlError: text("Last_SQL_Error", 500),
    state: text("Slave_SQL_Running_State", 120) || text("Slave_SQL_State", 120),
    ioState: text("Slave_IO_State", 120),
    secondsBehind: numberIn(row, column("Seconds_Behind_Master")),
    delaySeconds: number("SQL_Delay"),
    relayBytes: numberIn(row, "Relay_Log_Space"),
    readAt: place("Master_Log_File", "Read_Master_Log_Pos"),
    appliedAt: place("Relay_Master_Log_File", "Exec_Master_Log_Pos"),
    gtid: text("Using_Gtid", 30).replace(/^No$/, "") || (text("Executed_Gtid_Set") === "" ? "" : "Yes"),
    gtidPosition: text("Gtid_IO_Pos", 200) || text("Executed_Gtid_Set", 200),
  };
}
