import type { Document } from "mongodb";
import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import { toDiagError } from "../../core/words/errors.ts";
import { listed } from "../../core/words/format.ts";
import { partsOf } from "./actions/collections.ts";
import { askHello, roleOf } from "./actions/hello.ts";
import type { MongoClient } from "./client.ts";
import { isNotGiven } from "./unseen.ts";
import { listAt, partAt, textAt } from "./values.ts";

/** What the reads send. All only look, so they are tried; `find` on the oplog only where there is one. */
const READS: readonly (readonly [what: string, database: string, command: Document])[] = [
  ["serverStatus", "admin", { serverStatus: 1, metrics: 0, locks: 0, wiredTiger: 0 }],
  [
    "operations of others ($currentOp)",
    "admin",
    { aggregate: 1, pipeline: [{ $currentOp: { allUsers: true } }, { $limit: 1 }], cursor: {} },
  ],
  ["the log (getLog)", "admin", { getLog: "startupWarnings" }],
  ["its options (getCmdLineOpts)", "admin", { getCmdLineOpts: 1 }],
  ["the replica set", "admin", { replSetGetStatus: 1 }],
  ["the oplog", "local", { find: "oplog.rs", limit: 1, singleBatch: true, projection: { ts: 1 } }],
];

/** Whether the user may look, and do what remedies do; with the lines that allow it. */
export async function checkMongo(client: MongoClient, context: ActionContext): Promise<ConnectionCheck[]> {
  const hello = await askHello(client, context);
  const role = roleOf(hello);
  const asked = READS.filter(
    ([what]) =>
      !(role === "mongos" && /oplog|replica/.test(what)) && !(role === "standalone" && /oplog/.test(what)),
  );
  const refused: string[] = [];
  for (const [what, database, command] of asked)
    if (await isRefused(() => client.look(database, command, context))) refused.push(what);
  const status = await client
    .look("admin", { connectionStatus: 1, showPrivileges: true }, context)
    .catch(() => undefined);
  return judgeRights({
    role,
    user: textAt(listAt(status, "authInfo", "authenticatedUsers")[0], "user"),
    refused,
    lacking: lackingIn(client, status),
    databases: databasesOf(client),
  });
}

async function isRefused(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return false;
  } catch (thrown) {
    const error = toDiagError(thrown);
    if (error.detail === "NoReplicationEnabled") return false;
    if (!isNotGiven(error)) throw error;
    return true;
  }
}

const databasesOf = ({ settings: { databases = [], indexes } }: MongoClient): string[] => [
  ...new Set([...databases, ...(indexes?.collections ?? []).map((one) => partsOf(one).database)]),
];

/** Actions of remedies the user has nowhere; undefined: without access control, or not told. */
function lackingIn(
  { settings: { indexes } }: MongoClient,
  status: Document | undefined,
): string[] | undefined {
  const users = listAt(status, "authInfo", "authenticatedUsers");
  if (status === undefined || users.length === 0) return undefined;
  const has = new Set(
    listAt(status, "authInfo", "authenticatedUserPrivileges").flatMap((one) => {
      const isAll = partAt(one, "resource")?.anyResource === true;
      return [...listAt(one, "actions"), ...(isAll ? ["anyAction"] : [])];
    }),
  );
  if (has.has("anyAction")) return [];
  const wanted = ["killop", "enableProfiler", ...(indexes === undefined ? [] : ["createIndex", "dropIndex"])];
  return wanted.filter((one) => !has.has(one));
}

interface Rights {
  readonly role: string;
  readonly user: string | null;
  readonly refused: readonly string[];
  readonly lacking: readonly string[] | undefined;
  readonly databases: readonly string[];
}

/** Pure. Exported for its test. */
export function judgeRights({ role, user, refused, lacking, databases }: Rights): ConnectionCheck[] {
  const who = user ?? "the user of the URL";
  const checks: ConnectionCheck[] = [
    { name: "reach", state: "ok", detail: `MongoDB, ${role}${user === null ? "" : `, user ${user}`}` },
  ];
  const grant = (roles: readonly object[]) => ({
    fix: "in mongosh, as a user who may grant roles",
    paste: [
      `db.getSiblingDB("admin").grantRolesToUser(${JSON.stringify(user ?? "diagbot")}, ${JSON.stringify(roles)})`,
    ],
  });
  if (refused.length > 0)
    checks.push({
      name: "rights",
      state: "warning",
      detail: `${who} may not look at ${listed(refused, 6)}`,
      ...grant([
        { role: "clusterMonitor", db: "admin" },
        { role: "read", db: "local" },
        ...(databases.length === 0
          ? [{ role: "readAnyDatabase", db: "admin" }]
          : databases.map((db) => ({ role: "read", db }))),
      ]),
    });
  else checks.push({ name: "rights", state: "ok", detail: "may look" });
  if (lacking === undefined || lacking.length === 0) return checks;
  const { fix, paste } = grant([{ role: "diagbotRemedies", db: "admin" }]);
  const inDatabases = (databases.length === 0 ? [""] : databases).map((db) => ({
    resource: { db, collection: "" },
    actions: ["enableProfiler", "createIndex", "dropIndex"].filter((one) => lacking.includes(one)),
  }));
  const privileges = [
    ...(lacking.includes("killop") ? [{ resource: { cluster: true }, actions: ["killop"] }] : []),
    ...inDatabases.filter(({ actions }) => actions.length > 0),
  ];
  checks.push({
    name: "remedies",
    state: "warning",
    detail: `${who} may not do what the remedies do: ${lacking.join(", ")}`,
    fix,
    paste: [
      `db.getSiblingDB("admin").createRole({ role: "diagbotRemedies", privileges: ${JSON.stringify(privileges)}, roles: [] })`,
      ...paste,
    ],
  });
  return checks;
}
