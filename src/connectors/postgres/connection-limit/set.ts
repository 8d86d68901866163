import { z } from "zod";
import {
  type ActionContext,
  actionsOn,
  type Preview,
  type WriteContext,
} from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { sayBytes } from "../../../core/words/format.ts";
import { refused } from "../../before-effect.ts";
import type { PostgresClient } from "../client.ts";
import { type ConnectionLimit, connectionLimit, connectionLimitNow } from "./facts.ts";

const { write } = actionsOn<PostgresClient>("postgres");

/** More sessions than that one server hardly serves; a pooler in front does. */
const MOST = 1_000;
/** Of the machine's memory at most so much for buffers and one sort of each session. */
const SHARE = 0.8;

const connections = z.int().min(10).max(10_000).nullable();
const Input = z.object({
  /** From the next start on; null: what the files say without ALTER SYSTEM. */
  connections,
  /** What ALTER SYSTEM has written now; null: nothing. */
  from: connections,
  /** Bytes of memory of the server's machine; null: not known, and not judged. */
  machineBytes: z.number().positive().nullable(),
  /** The standbys have it already, and were restarted. */
  standbysFirst: z.boolean().default(false),
  /** Taking it back: what was there before is not judged. */
  restores: z.boolean().default(false),
});
type Input = z.infer<typeof Input>;

const look = (client: PostgresClient, context: ActionContext): Promise<ConnectionLimit> =>
  client.read(context, connectionLimitNow);
const say = (value: number | null | undefined): string =>
  value === undefined ? "unknown" : value === null ? "what the files say" : String(value);

function refusalOf(seen: ConnectionLimit, input: Input): string | undefined {
  const { connections: to, from, restores } = input;
  if (!seen.maySet)
    return "the bot's role may not: GRANT ALTER SYSTEM ON PARAMETER max_connections (PG 15), SELECT ON pg_file_settings and EXECUTE ON FUNCTION pg_show_all_file_settings() TO it, or be a superuser";
  if (seen.isFixed && !restores)
    return "it is given on the server's command line (`-c max_connections=…`, of a container its `command:`), which wins over ALTER SYSTEM: change it there";
  if ((seen.written ?? null) !== from) return `${say(seen.written)} is written by now, not ${say(from)}`;
  return restores || to === null ? undefined : tooMany(seen, input, to);
}

/** Trap pg-max-connections-restart: it takes memory, a restart, and the standbys first. */
function tooMany(
  seen: ConnectionLimit,
  { machineBytes, standbysFirst }: Input,
  to: number,
): string | undefined {
  if (to <= seen.inForce) return `${seen.inForce} are in force: fewer would turn clients away`;
  if (to > Math.min(MOST, seen.inForce * 3))
    return `more than ${Math.min(MOST, seen.inForce * 3)} is no correction of a limit: put a pooler in front`;
  if (seen.standbys > 0 && !standbysFirst)
    return `${seen.standbys} standbys follow it: one with a lower limit stops replaying. Raise it there first (and restart them), then here with standbysFirst=true`;
  const wants = seen.sharedBufferBytes + to * seen.workMemBytes;
  return machineBytes !== null && wants > machineBytes * SHARE
    ? `with one sort of each session it may take ${sayBytes(wants)} of the machine's ${sayBytes(machineBytes)}`
    : undefined;
}

/**
 * ALTER SYSTEM SET max_connections, alone and outside of a transaction (trap pg-alter-system-txn). It changes nothing before the server
 * is started anew, which is a step of its own. Undo writes what was there. sergas-accounts.pg-max-connections
 */
export const setConnectionLimit = write({
  name: "postgres.set-connection-limit",
  title: "Write another connection limit, for the next start",
  class: "cas",
  risk: "high",
  input: Input,
  output: z.object({ connections, before: connections }),
  target: () => "max_connections",
  preview: async (client, input, context): Promise<Preview> => {
    const seen = await look(client, context);
    const witness = { written: seen.written ?? null, inForce: seen.inForce };
    if (seen.written !== undefined && seen.written === input.connections)
      return { changes: [], witness, nothingToDo: `${say(seen.written)} is written already` };
    const memory =
      input.machineBytes === null
        ? "; whether the machine has the memory was not looked at (no host connection)"
        : "";
    const changes = [
      `max_connections ${say(input.connections)} from the next start on (in force: ${seen.inForce}, written: ${say(seen.written)}); one sort of each session may take ${sayBytes(seen.workMemBytes)}${memory}`,
    ];
    const why = refusalOf(seen, input);
    return { changes, witness, ...(why === undefined ? {} : { refused: why }) };
  },
  run: (client, input, context) => set(client, input, context),
  probe: async (client, { connections: wanted, from }, _witness, context) => {
    const { written } = await look(client, context);
    const verdict = written === wanted ? "done" : (written ?? null) === from ? "not-done" : "unknown";
    return { verdict, evidence: `${say(written)} is written; it was ${say(from)}` };
  },
  undo: ({ connections: wanted, from, machineBytes }) => ({
    action: "postgres.set-connection-limit",
    input: { connections: from, from: wanted, machineBytes, restores: true },
  }),
  leaves: "a server that was started meanwhile keeps the higher limit until its next start",
  says: ({ connections: wanted }, { before }) =>
    `max_connections at the next start ${say(before)} → ${say(wanted)}`,
  settled: {
    check: () => ({ limit: connectionLimit() }),
    holds: ({ limit }, { connections: wanted }) => limit.written === wanted,
    figures: ({ limit }) =>
      `max_connections ${limit.inForce} in force, ${limit.atNextStart ?? "unknown"} from the next start on`,
  },
});

async function set(client: PostgresClient, input: Input, context: WriteContext) {
  const seen = await look(client, context);
  const why = refusalOf(seen, input);
  if (why !== undefined) throw refused(why);
  const { connections: to } = input;
  // A literal of a number that was checked: ALTER SYSTEM takes no parameters.
  const statement = `ALTER SYSTEM ${to === null ? "RESET max_connections" : `SET max_connections = ${to}`}`;
  await client.alone(context, { statement, lockMs: 5_000, reserveMs: 0 }).catch((thrown: unknown) => {
    if (thrown instanceof DiagError && thrown.detail === "42501")
      throw refused(thrown.message, thrown.detail, thrown);
    throw thrown;
  });
  return { connections: to, before: seen.written ?? null };
}
