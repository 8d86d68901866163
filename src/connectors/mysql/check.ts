import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import { toDiagError } from "../../core/words/errors.ts";
import { listed } from "../../core/words/format.ts";
import type { Here, MysqlClient, Sql } from "./client.ts";
import { isNotGiven } from "./errors.ts";
import { textIn } from "./values.ts";

interface Needs {
  readonly what: string;
  readonly ask: string;
  /** The privilege, by product; undefined: it needs none there. */
  readonly mysql: string;
  readonly mariadb: string;
}

/** What the reads send: all only look, so they are tried. */
const READS: readonly Needs[] = [
  {
    what: "sessions, transactions and locks of others",
    ask: "SELECT 1 FROM information_schema.INNODB_TRX LIMIT 1",
    mysql: "PROCESS ON *.*",
    mariadb: "PROCESS ON *.*",
  },
  {
    what: "replication",
    ask: "",
    mysql: "REPLICATION CLIENT ON *.*",
    mariadb: "SLAVE MONITOR ON *.*",
  },
  {
    what: "the size of the binary logs",
    ask: "SHOW BINARY LOGS",
    mysql: "REPLICATION CLIENT ON *.*",
    mariadb: "BINLOG MONITOR ON *.*",
  },
  {
    what: "metadata locks, blocked addresses and statements by their digest",
    ask: "SELECT 1 FROM performance_schema.host_cache LIMIT 1",
    mysql: "SELECT ON performance_schema.*",
    mariadb: "SELECT ON performance_schema.*",
  },
];

interface Found {
  readonly here: Here;
  readonly account: string;
  readonly refused: readonly Needs[];
  readonly grants: readonly string[];
}

/** Whether the user may look, and do what remedies do; with the lines that allow it. */
export async function checkMysql(client: MysqlClient, context: ActionContext): Promise<ConnectionCheck[]> {
  const found = await client.read(context, async (sql, here): Promise<Found> => {
    const refused: Needs[] = [];
    for (const one of READS) if (await isRefused(sql, one, here)) refused.push(one);
    const [who] = await sql("SELECT CURRENT_USER() AS account");
    const grants = await sql("SHOW GRANTS");
    return {
      here,
      account: textIn(who, "account", 300),
      refused,
      grants: grants.map((row) => String(Object.values(row)[0] ?? "")),
    };
  });
  return judgeGrants(found);
}

async function isRefused(sql: Sql, { ask }: Needs, { flavour }: Here): Promise<boolean> {
  const statement = ask || (flavour === "mariadb" ? "SHOW ALL SLAVES STATUS" : "SHOW REPLICA STATUS");
  try {
    await sql(statement);
    return false;
  } catch (thrown) {
    const error = toDiagError(thrown);
    // 1381: no binary log is written. 1064: a version before the word.
    if (error.detail === "1381" || error.detail === "1064") return false;
    if (!isNotGiven(error)) throw error;
    return true;
  }
}

/** Ends sessions of others, sets max_connections, gets in when all connections are taken. */
const ENDS = { mysql: ["CONNECTION_ADMIN", "SYSTEM_VARIABLES_ADMIN"], mariadb: ["CONNECTION ADMIN"] };
const REWRITES = /\b(?:ALL PRIVILEGES|INSERT|UPDATE|DELETE|DROP|ALTER|CREATE|FILE)\b/;

/** Privileges on a table that let its definition be seen. Without one nothing is refused: the table is not there. */
const SEES_TABLES =
  /\b(?:REFERENCES|SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|INDEX|TRIGGER|SHOW VIEW)\b(?!\s*(?:USER|ROLE|TABLESPACE|ROUTINE|TEMPORARY|VIEW))/;
const OWN_SCHEMAS = /ON [`"]?(?:performance_schema|information_schema|sys|mysql)[`"]?\./i;

/** Whose tables the account does not see; undefined: it sees all. Pure. */
function unseenTables(everywhere: string, grants: readonly string[]): string | undefined {
  if (SEES_TABLES.test(everywhere)) return undefined;
  const some = grants.filter(
    (line) =>
      !line.includes(" ON *.* ") &&
      !OWN_SCHEMAS.test(line) &&
      (line.includes("ALL PRIVILEGES") || SEES_TABLES.test(line)),
  );
  return some.length === 0 ? "no table" : "tables of some databases only";
}

/** Pure. Exported for its test. */
export function judgeGrants({ here, account, refused, grants }: Found): ConnectionCheck[] {
  const product = here.flavour === "mariadb" ? "MariaDB" : "MySQL";
  const of = quoted(account);
  const where = "as an administrator, in mysql on this server";
  const everywhere = grants.filter((line) => / ON \*\.\* /.test(line)).join(" ");
  const isAll = /\b(?:ALL PRIVILEGES|SUPER)\b/.test(everywhere);
  const lacking = isAll ? [] : ENDS[here.flavour].filter((name) => !everywhere.includes(name));
  const checks: ConnectionCheck[] = [
    { name: "reach", state: "ok", detail: `${product} ${here.version}, account ${account}` },
  ];
  const wanted = [...new Set(refused.map((one) => one[here.flavour]))];
  checks.push(
    refused.length === 0
      ? { name: "rights", state: "ok", detail: "may look" }
      : {
          name: "rights",
          state: refused.some(({ mysql }) => mysql.startsWith("PROCESS")) ? "missing" : "warning",
          detail: `${account} may not look at ${listed(
            refused.map(({ what }) => what),
            6,
          )}`,
          fix: where,
          paste: wanted.map((one) => `GRANT ${one} TO ${of};`),
        },
  );
  const unseen = isAll ? undefined : unseenTables(everywhere, grants);
  if (unseen !== undefined)
    checks.push({
      name: "definitions",
      state: "warning",
      detail: `${account} sees ${unseen}: sizes, and row numbers that run out, are told of what it sees only`,
      fix: where,
      paste: [`GRANT REFERENCES ON *.* TO ${of};`],
    });
  if (lacking.length > 0)
    checks.push({
      name: "remedies",
      state: "warning",
      detail: `${account} lacks ${listed(lacking, 4)}: it cannot end others' sessions, set max_connections, or get in when every connection is taken`,
      fix: where,
      paste: [`GRANT ${lacking.join(", ")} ON *.* TO ${of};`],
    });
  if (REWRITES.test(everywhere))
    checks.push({
      name: "account",
      state: "warning",
      detail: `${account} may change data and definitions everywhere: diagbot needs none of that`,
      fix: `${where}: an account of its own (docs/connectors/mysql.md)`,
    });
  return checks;
}

/** `'diagbot'@'10.0.%'` of `diagbot@10.0.%`, as a name to paste. */
function quoted(account: string): string {
  const at = account.lastIndexOf("@");
  const text = (part: string) => `'${part.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
  return at < 0 ? text(account) : `${text(account.slice(0, at))}@${text(account.slice(at + 1))}`;
}
