import { z } from "zod";
import {
  type ActionContext,
  actionsOn,
  type Preview,
  type WriteContext,
} from "../../../core/words/action.ts";
import { sayBytes } from "../../../core/words/format.ts";
import { refused } from "../../before-effect.ts";
import type { PostgresClient } from "../client.ts";
import { built, dropConcurrently, RESERVE_MS } from "./build.ts";
import { type IndexFacts, indexFacts, untouchable } from "./index-facts.ts";
import { indexState } from "./index-state.ts";
import { indexName } from "./names.ts";
import { olderThan, tooLarge } from "./table-facts.ts";

const { write } = actionsOn<PostgresClient>("postgres");

interface Seen {
  readonly facts: IndexFacts | undefined;
  readonly version: number;
  readonly waits?: string | undefined;
}

const look = (client: PostgresClient, index: string, context: ActionContext): Promise<Seen> =>
  client.read(context, async (sql) => {
    const facts = await indexFacts(sql, index);
    const [own] = await sql<{ version: number }>(
      "SELECT current_setting('server_version_num')::int AS version",
    );
    const waits = facts === undefined ? undefined : await olderThan(sql, facts.tableOid, true);
    return { facts, version: own?.version ?? 0, waits };
  });

const statementOf = (name: string) => `REINDEX INDEX CONCURRENTLY ${name}`;
const isLeftover = (name: string) => /_cc(new|old)\d*"?$/.test(name);

function refusalOf({ facts, version, waits }: Seen): string | undefined {
  if (facts === undefined) return "it does not exist any more";
  const { name, tableBytes, bytes, mayMaintain: may } = facts;
  if (version < 120_000)
    return "REINDEX CONCURRENTLY needs PostgreSQL 12: without it nobody can write meanwhile";
  const why = untouchable(facts);
  if (why !== undefined) return why;
  if (isLeftover(name)) return `${name} was left behind by a rebuild that failed: it is to be dropped`;
  if (!may)
    return `the bot's role owns neither ${name} nor the database: GRANT its owner TO the bot's role, or let the owner run: ${statementOf(name)}`;
  return tooLarge(Math.max(tableBytes, bytes), `its table or itself`, statementOf(name)) ?? waits;
}

const fileOf = (witness: unknown): string | null => (witness as { file?: string } | null)?.file ?? null;

/**
 * REINDEX INDEX CONCURRENTLY of one index that is bloated or not valid, in a session of its own: it blocks no reader or writer and
 * needs room for a second one. What a failed rebuild leaves (`_ccnew`, `_ccold`) is dropped. tektra.db-maintenance; trap
 * pg-reindex-db.
 */
export const reindexIndex = write({
  name: "postgres.reindex-index",
  title: "Build an index anew, concurrently",
  class: "cas",
  risk: "high",
  timeoutSeconds: 60,
  input: z.object({ index: indexName }),
  output: z.object({ index: z.string(), bytesBefore: z.number(), fileBefore: z.string() }),
  target: ({ index }) => `index/${index}`,
  preview: async (client, { index }, context): Promise<Preview> => {
    const seen = await look(client, index, context);
    const { facts } = seen;
    if (facts === undefined)
      return { changes: [], witness: null, nothingToDo: `${index} does not exist any more` };
    const changes = [
      `${statementOf(facts.name)} on ${facts.table} (${sayBytes(facts.bytes)}${facts.isValid ? "" : ", not valid now"}; needs free disk on the server for a second one)`,
      ...facts.leftovers.map((name) => `DROP INDEX CONCURRENTLY ${name} (left by an earlier rebuild)`),
    ];
    const why = refusalOf(seen);
    const witness = { file: facts.file, definition: facts.definition };
    return { changes, witness, ...(why === undefined ? {} : { refused: why }) };
  },
  run: (client, { index }, context) => rebuild(client, index, context),
  probe: async (client, { index }, witness, context) => {
    const { facts } = await look(client, index, context);
    if (facts === undefined) return { verdict: "unknown", evidence: `${index} does not exist any more` };
    if (facts.isBuilding) return { verdict: "unknown", evidence: "an index of its table is being built now" };
    const isNew = facts.isValid && facts.file !== fileOf(witness);
    const left = facts.leftovers.length === 0 ? "" : `; left behind: ${facts.leftovers.join(", ")}`;
    return {
      verdict: isNew ? "done" : "not-done",
      evidence: `${index} is ${isNew ? "a new one and valid" : "as it was"}${left}`,
    };
  },
  undo: "none: it is the same index, with the same entries",
  settled: {
    check: ({ index }) => ({ state: indexState({ index }) }),
    holds: ({ state: { index } }, _input, { fileBefore }) =>
      index?.isValid === true && index.file !== fileBefore && index.leftovers.length === 0,
    figures: ({ state }, { index }, { bytesBefore }) =>
      state.index === null ? "" : `${index} ${sayBytes(bytesBefore)} → ${sayBytes(state.index.bytes)}`,
  },
});

async function rebuild(client: PostgresClient, index: string, context: WriteContext) {
  if (context.remainingMs() < RESERVE_MS + 2_000) throw refused("too little time is left for it");
  const seen = await look(client, index, context);
  const { facts } = seen;
  const why = refusalOf(seen);
  if (facts === undefined || why !== undefined) throw refused(why ?? "");
  const leftBy = () =>
    client.read(context, async (sql) => (await indexFacts(sql, facts.name))?.leftovers ?? []);
  await built(client, context, { statement: statementOf(facts.name), what: facts.name, leftBy });
  for (const name of await leftBy()) await dropConcurrently(client, context, name);
  return { index: facts.name, bytesBefore: facts.bytes, fileBefore: facts.file };
}
