import pg from "pg";
import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import type { PostgresClient } from "./client.ts";

interface Role {
  readonly role: string;
  readonly database: string;
  readonly version: string;
  readonly isSuper: boolean;
  readonly seesAll: boolean;
  readonly signals: boolean;
  readonly hasStatements: boolean;
  /** Null: the role may not read it. */
  readonly preloaded: string | null;
}

const LOOK = `SELECT current_user AS role, current_database() AS database, current_setting('server_version') AS version,
  (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS "isSuper",
  pg_has_role(current_user, 'pg_monitor', 'USAGE') AS "seesAll",
  pg_has_role(current_user, 'pg_signal_backend', 'USAGE') AS signals,
  EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements') AS "hasStatements",
  (SELECT setting FROM pg_settings WHERE name = 'shared_preload_libraries') AS preloaded`;

/** Whether the bot's role has what the actions need and nothing more, and what to grant. */
export async function checkPostgres(
  client: PostgresClient,
  context: ActionContext,
): Promise<ConnectionCheck[]> {
  const [found] = await client.read(context, (sql) => sql<Role>(LOOK));
  return found === undefined ? [] : judgeRole(found);
}

const WHERE = "as a superuser, in psql on this database";

/** Pure. Exported for its test. */
export function judgeRole(found: Role): ConnectionCheck[] {
  const { role, database, version } = found;
  const reach: ConnectionCheck = {
    name: "reach",
    state: "ok",
    detail: `Postgres ${version}, role ${role}, database ${database}`,
  };
  return [reach, ...privileges(found), ...statements(found)];
}

function privileges({ role, isSuper, seesAll, signals }: Role): ConnectionCheck[] {
  const name = pg.escapeIdentifier(role);
  if (isSuper)
    return [
      {
        name: "role",
        state: "warning",
        detail: `${role} is a superuser: it could change anything`,
        fix: `${WHERE}, then set its password (\\password diagbot) and put it into the URL`,
        paste: ["CREATE ROLE diagbot LOGIN;", "GRANT pg_monitor, pg_signal_backend TO diagbot;"],
      },
    ];
  const lacks: ConnectionCheck[] = [];
  if (!seesAll)
    lacks.push({
      name: "role",
      state: "missing",
      detail: `${role} lacks pg_monitor: states, waits and statements of others' sessions are hidden from it`,
      fix: WHERE,
      paste: [`GRANT pg_monitor TO ${name};`],
    });
  if (!signals)
    lacks.push({
      name: "role",
      state: "warning",
      detail: `${role} lacks pg_signal_backend: it can end or cancel its own role's sessions only`,
      fix: WHERE,
      paste: [`GRANT pg_signal_backend TO ${name};`],
    });
  return lacks.length > 0 ? lacks : [{ name: "role", state: "ok", detail: "pg_monitor, pg_signal_backend" }];
}

function statements({ hasStatements, preloaded }: Role): ConnectionCheck[] {
  if (hasStatements) return [{ name: "statements", state: "ok", detail: "pg_stat_statements is there" }];
  const isLoaded = preloaded?.split(",").some((one) => one.trim() === "pg_stat_statements") ?? true;
  const create = "CREATE EXTENSION pg_stat_statements;";
  const check = {
    name: "statements",
    state: "warning" as const,
    detail: "without pg_stat_statements nobody knows which statements take the time",
  };
  if (isLoaded) return [{ ...check, fix: WHERE, paste: [create] }];
  // What is loaded already stays loaded.
  const names = [...(preloaded ?? "").split(","), "pg_stat_statements"]
    .map((one) => one.trim())
    .filter(Boolean);
  const load = `ALTER SYSTEM SET shared_preload_libraries = ${names.map((one) => pg.escapeLiteral(one)).join(", ")};`;
  return [{ ...check, fix: `${WHERE}; the server must be restarted between the two`, paste: [load, create] }];
}
