import { z } from "zod";
import { type ActionContext, actionsOn } from "../../../core/words/action.ts";
import { sha256 } from "../../../lib/sha256.ts";
import { linesOf, script } from "../../machine/script.ts";
import type { HostClient } from "../client.ts";
import type { DumpSettings } from "./declared.ts";

const { read } = actionsOn<HostClient>("host");

/** Of a database that diagbot has made: no other is ever dropped. */
export const OWN = /^diagbot_[a-z][a-z0-9_]{0,30}_[0-9a-f]{8}$/;

/** The same for the same dump, so that what was begun is found again. */
export const copyOf = (name: string, { file, bytes }: { file: string; bytes: number }): string =>
  `diagbot_${name}_${sha256(`${file}/${bytes}`).slice(0, 8)}`;

/** Connects by libpq's own means (peer, .pgpass); it never asks for a password. */
export const TO_SERVER = `export LC_ALL=C PGUSER=$1 PGPORT=$3 PGCONNECT_TIMEOUT=5 PGAPPNAME=diagbot
[ -n "$2" ] && export PGHOST="$2"
q() { timeout 10 psql -X -w -q -At -v ON_ERROR_STOP=1 -d "$1" -c "$2" 2>&1; }
command -v psql >/dev/null 2>&1 && command -v pg_restore >/dev/null 2>&1 || { echo "no psql and pg_restore on the machine"; exit 9; }
`;

export const serverArgs = ({ user, host = "", port }: NonNullable<DumpSettings["restore"]>): string[] => [
  user,
  host,
  String(port),
];

// The comment says that it is ours, and what became of it. `begun` first, the sums once all was read.
const LOOK = `${TO_SERVER}
q postgres "SELECT 'role', rolsuper, rolcreatedb, pg_is_in_recovery() FROM pg_roles WHERE rolname = current_user" || exit 8
q postgres "SELECT 'copy', d.datname, shobj_description(d.oid, 'pg_database') FROM pg_database d WHERE d.datname LIKE 'diagbot\\_%' AND shobj_description(d.oid, 'pg_database') LIKE 'diagbot: %' ORDER BY 2 LIMIT 20" || exit 8`;

const Copy = z.object({
  database: z.string(),
  /** All of it was read; false: it broke off, or goes on. */
  isWhole: z.boolean(),
  tables: z.int(),
  rows: z.number(),
  errors: z.int(),
});
export type RestoredCopy = z.infer<typeof Copy>;

export interface Server {
  /** Why nothing can be restored there; undefined: it may be. */
  readonly unfit: string | undefined;
  readonly copies: readonly RestoredCopy[];
}

export async function serverNow(
  client: HostClient,
  restore: NonNullable<DumpSettings["restore"]>,
  context: ActionContext,
): Promise<Server> {
  const said = linesOf(await script(client, LOOK, serverArgs(restore), context, { codes: [0, 8, 9] }));
  const role = said.find((line) => line.startsWith("role|"))?.split("|");
  if (role === undefined) return { unfit: said.join(" ").slice(0, 300), copies: [] };
  return { unfit: unfitOf(role), copies: said.flatMap((line) => copyIn(line) ?? []) };
}

const COPY = /^copy\|([^|]+)\|diagbot: (begun|whole tables=(\d+) rows=(\d+) errors=(\d+))/;
const copyIn = (line: string): RestoredCopy | undefined => {
  const [, database = "", state, tables = "0", rows = "0", errors = "0"] = COPY.exec(line) ?? [];
  if (!OWN.test(database)) return undefined;
  return {
    ...{ database, isWhole: state !== "begun" },
    ...{ tables: Number(tables), rows: Number(rows), errors: Number(errors) },
  };
};

/** What a dump says is done as this role: a superuser's could start programs. */
function unfitOf([, isSuper, mayCreate, inRecovery]: readonly string[]): string | undefined {
  if (isSuper === "t") return "its role is a superuser: what stands in a dump could do anything there";
  if (mayCreate !== "t") return "its role may not create databases: ALTER ROLE … CREATEDB";
  return inRecovery === "t" ? "the server is a standby" : undefined;
}

/** Copies of dumps that diagbot has restored and that are still there. */
export const restoredCopies = read({
  name: "host.restored-copies",
  title: "Restored copies of dumps",
  timeoutSeconds: 15,
  input: z.object({ name: z.string().max(40) }),
  output: z.object({ copies: z.array(Copy) }),
  run: async (client, { name }, context) => {
    const restore = client.dumps.find((one) => one.name === name)?.restore;
    return { copies: restore === undefined ? [] : [...(await serverNow(client, restore, context)).copies] };
  },
});
