import { z } from "zod";
import {
  type ActionContext,
  actionsOn,
  type Preview,
  type WriteContext,
} from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { sayBytes } from "../../../core/words/format.ts";
import { beforeEffect, refused } from "../../before-effect.ts";
import { linesOf, script } from "../../machine/script.ts";
import type { HostClient } from "../client.ts";
import type { DumpSettings } from "./declared.ts";
import { type DumpFolder, folderOf } from "./dumps.ts";
import { copyOf, restoredCopies, type Server, serverArgs, serverNow, TO_SERVER } from "./restored.ts";

const { write } = actionsOn<HostClient>("host");

const Input = z.object({ name: z.string().max(40), file: z.string().min(1).max(255) });
type Input = z.infer<typeof Input>;

/** Packed. More is not restored within the minute of a step. */
export const MOST_DUMP_BYTES = 256 * 1024 ** 2;
const MINUTE = 60;
/** Kept of it for the sums. */
const SUMS_SECONDS = 14;

interface Seen {
  readonly declared: DumpSettings | undefined;
  readonly dump: DumpFolder["newest"][number] | undefined;
  readonly server: Server | undefined;
}

async function look(client: HostClient, { name, file }: Input, context: ActionContext): Promise<Seen> {
  const declared = client.dumps.find((one) => one.name === name);
  if (declared === undefined) return { declared, dump: undefined, server: undefined };
  const { newest } = await folderOf(client, declared, context);
  const server =
    declared.restore === undefined ? undefined : await serverNow(client, declared.restore, context);
  return { declared, dump: newest.find((one) => one.file === file), server };
}

function refusalOf({ declared, dump, server }: Seen): string | undefined {
  if (declared?.restore === undefined || server === undefined)
    return "diagbot.yaml names no server for it (restore: of the dumps)";
  if (dump === undefined) return "it is not among the newest two any more";
  if (dump.format !== "custom")
    return "only pg_dump -Fc is restored from here: a plain dump may hold commands of psql that go to other databases";
  if (dump.end === "cut") return "pg_restore cannot read what is in it";
  if (dump.bytes > MOST_DUMP_BYTES) return `it is ${sayBytes(dump.bytes)}: longer than the minute a step has`;
  return server.unfit;
}

// Arguments: those of the server, database, file, seconds. Ours by its comment from its first moment; the sums are of the 20 largest.
const RESTORE = `${TO_SERVER}
db=$4; file=$5
said=$(q postgres "CREATE DATABASE $db TEMPLATE template0") || { echo "$said"; exit 7; }
q postgres "COMMENT ON DATABASE $db IS 'diagbot: begun'" || exit 6
wrong=$(timeout "$6" pg_restore -w --no-owner --no-privileges --no-comments -d "$db" "$file" 2>&1 >/dev/null); code=$?
[ "$code" = 124 ] && { q postgres "DROP DATABASE $db WITH (FORCE)" >/dev/null || q postgres "DROP DATABASE $db" >/dev/null; echo "it took longer than $6 s"; exit 7; }
errors=$(printf '%s\\n' "$wrong" | grep -c 'pg_restore: error')
printf '%s\\n' "$wrong" | grep 'pg_restore: error' | head -n 5 | sed 's/^/E /'
echo "C $(pg_restore --list "$file" 2>/dev/null | grep -c ' TABLE DATA ')"
sums=$(printf '%s\\n' "SELECT format('SELECT %L, count(*) FROM %I.%I', n.nspname || '.' || c.relname, n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY pg_relation_size(c.oid) DESC LIMIT 20 \\\\gexec" | timeout 10 psql -X -w -q -At -d "$db" 2>&1) || exit 6
printf '%s\\n' "$sums" | sed -n 's/^/R /p'
tables=$(q "$db" "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')") || exit 6
rows=$(printf '%s\\n' "$sums" | awk -F'|' '{ n += $2 } END { printf "%d", n }')
q postgres "COMMENT ON DATABASE $db IS 'diagbot: whole tables=$tables rows=$rows errors=$errors'" || exit 6
echo "T $tables"`;

const Output = z.object({
  database: z.string(),
  /** Tables restored, and those whose rows stand in the dump. */
  tables: z.int(),
  inDump: z.int(),
  /** Of the largest 20. */
  rows: z.array(z.object({ table: z.string(), rows: z.number() })).max(20),
  /** What pg_restore could not do, the first five. */
  errors: z.array(z.string().max(300)).max(5),
});

/**
 * Restores a dump into a database of its own on the server that diagbot.yaml names, never over one that is there, and counts what came
 * of it: the only proof that a dump can be restored. Undo drops that database. tektra.backup-restore; traps pg-restore-inplace,
 * pg-compose-exec-user.
 */
export const restoreCopy = write({
  name: "host.restore-copy",
  title: "Restore a dump into a database of its own",
  class: "cas",
  risk: "high",
  timeoutSeconds: MINUTE,
  input: Input,
  output: Output,
  target: ({ name }) => `dumps/${name}`,
  preview: async (client, input, context): Promise<Preview> => {
    const seen = await look(client, input, context);
    const { dump, server } = seen;
    const database = dump === undefined ? "" : copyOf(input.name, dump);
    const there = server?.copies.find((one) => one.database === database);
    const witness = { bytes: dump?.bytes ?? null, there: there?.isWhole ?? null };
    if (there?.isWhole === true) return { changes: [], witness, nothingToDo: `${database} holds it already` };
    const why = refusalOf(seen);
    const changes = [
      ...(there === undefined ? [] : [`drop ${database}, where an earlier restore broke off`]),
      `restore ${input.file} (${sayBytes(dump?.bytes ?? 0)}) into the new database ${database}, for at most ${MINUTE - SUMS_SECONDS} s; it needs the disk of the whole database once more, which nobody knows beforehand`,
    ];
    return { changes, witness, ...(why === undefined ? {} : { refused: why }) };
  },
  run: (client, input, context) => restore(client, input, context),
  probe: async (client, input, _witness, context) => {
    const { dump, server } = await look(client, input, context);
    const database = dump === undefined ? undefined : copyOf(input.name, dump);
    const there = server?.copies.find((one) => one.database === database);
    if (there === undefined)
      return {
        verdict: dump === undefined ? "unknown" : "not-done",
        evidence: `${database ?? input.file} is not there`,
      };
    return there.isWhole
      ? { verdict: "done", evidence: `${there.database} is whole` }
      : {
          verdict: "unknown",
          evidence: `${there.database} is there, and not whole: it goes on or broke off`,
        };
  },
  undo: ({ name }, _witness, { database }) => ({ action: "host.drop-copy", input: { name, database } }),
  leaves: "the write-ahead log that it made",
  says: (_input, { database }) => `${database} restored`,
  settled: {
    check: ({ name }) => ({ now: restoredCopies({ name }) }),
    holds: ({ now: { copies } }, _input, { database, tables, inDump, errors }) =>
      copies.some((one) => one.database === database && one.isWhole) &&
      errors.length === 0 &&
      tables > 0 &&
      tables >= inDump,
    figures: (_after, _input, { database, tables, inDump, rows, errors }) =>
      `${database}: ${tables} tables restored (${inDump} with rows in the dump), ${rows.reduce((sum, one) => sum + one.rows, 0)} rows in the largest ${rows.length}${errors.length === 0 ? "" : `; pg_restore: ${errors[0]}`}`,
  },
});

async function restore(client: HostClient, input: Input, context: WriteContext) {
  const left = () => Math.floor(context.remainingMs() / 1000) - SUMS_SECONDS;
  if (left() < 3) throw refused("too little time is left for it");
  const seen = await beforeEffect(() => look(client, input, context));
  const { declared, dump, server } = seen;
  const why = refusalOf(seen);
  if (declared?.restore === undefined || dump === undefined || why !== undefined) throw refused(why ?? "");
  const database = copyOf(input.name, dump);
  const there = server?.copies.find((one) => one.database === database);
  if (there !== undefined) await dropped(client, declared.restore, database, context);
  if (left() < 3) throw refused("too little time is left for it");
  const args = [
    ...serverArgs(declared.restore),
    database,
    `${declared.folder}/${input.file}`,
    String(left()),
  ];
  const said = linesOf(await script(client, RESTORE, args, context, { codes: [0, 6, 7, 9] }));
  const of = (letter: string) =>
    said.flatMap((line) => (line.startsWith(`${letter} `) ? [line.slice(2)] : []));
  const [tables] = of("T");
  if (tables === undefined) await brokeOff(client, declared.restore, database, said, context);
  return {
    ...{ database, tables: Number(tables), inDump: Number(of("C")[0] ?? 0) },
    rows: of("R").flatMap((line) => {
      const [, table = "", n = "0"] = /^(.*)\|(\d+)$/.exec(line) ?? [];
      return table === "" ? [] : [{ table, rows: Number(n) }];
    }),
    errors: of("E").map((line) => line.slice(0, 300)),
  };
}

/** It is not there any more, or never was: nothing was done. Otherwise that is told. */
async function brokeOff(
  client: HostClient,
  to: NonNullable<DumpSettings["restore"]>,
  database: string,
  said: readonly string[],
  context: WriteContext,
): Promise<never> {
  const { copies } = await serverNow(client, to, context);
  const words = said.join(" ").slice(0, 300);
  if (!copies.some((one) => one.database === database)) throw refused(`it was not restored: ${words}`);
  throw new DiagError("target_error", `${database} is not whole: ${words}`);
}

const DROP = `${TO_SERVER}
mine=$(q postgres "SELECT count(*) FROM pg_database d WHERE d.datname = '$4' AND shobj_description(d.oid, 'pg_database') LIKE 'diagbot: %'") || { echo "$mine"; exit 7; }
[ "$mine" = 1 ] || { echo none; exit 0; }
q postgres "DROP DATABASE $4" && echo dropped || exit 7`;

/** Only what its comment says is ours. Throws `target_refused` where it is still there. */
export async function dropped(
  client: HostClient,
  to: NonNullable<DumpSettings["restore"]>,
  database: string,
  context: WriteContext,
): Promise<void> {
  const said = linesOf(
    await script(client, DROP, [...serverArgs(to), database], context, { codes: [0, 7, 9] }),
  );
  const last = said.at(-1);
  if (last !== "dropped" && last !== "none")
    throw refused(`${database} is still there: ${said.join(" ").slice(0, 300)}`);
}
