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
import { dropConcurrently } from "./build.ts";
import { ended } from "./ended.ts";
import { type IndexFacts, indexFacts, twinOf, untouchable } from "./index-facts.ts";
import { indexState } from "./index-state.ts";
import { indexName } from "./names.ts";
import { MOST_BYTES, olderThan } from "./table-facts.ts";

const { write } = actionsOn<PostgresClient>("postgres");

const Input = z.object({
  index: indexName,
  /** `invalid`: no query uses it; `doubled`: another one is the same in all; `made`: diagbot built it by this definition. */
  because: z.enum(["invalid", "doubled", "made"]),
  definition: z.string().max(8_000).optional(),
});
type Input = z.infer<typeof Input>;

interface Seen {
  readonly facts: IndexFacts | undefined;
  readonly twin?: string | undefined;
  readonly waits?: string | undefined;
}

const look = (client: PostgresClient, { index, because }: Input, context: ActionContext): Promise<Seen> =>
  client.read(context, async (sql) => {
    const facts = await indexFacts(sql, index);
    if (facts === undefined) return { facts };
    const twin = because === "doubled" ? await twinOf(sql, index) : undefined;
    return { facts, twin, waits: await olderThan(sql, facts.tableOid, false) };
  });

/** One that is not valid has lost whatever kept it: a drop that was interrupted leaves it so. */
function unwarranted({ because, definition }: Input, { name, isValid, ...facts }: IndexFacts, twin?: string) {
  if (!isValid) return undefined;
  switch (because) {
    case "invalid":
      return `${name} is valid by now`;
    case "doubled":
      return twin === undefined ? `no valid index is the same as ${name} any more` : undefined;
    case "made":
      return facts.definition === definition ? undefined : `${name} is another index by now`;
  }
}

function refusalOf(input: Input, { facts, twin, waits }: Seen): string | undefined {
  if (facts === undefined) return "it does not exist any more";
  if (facts.isPromised)
    return `${facts.name} keeps a promise (primary key, constraint, replica identity or CLUSTER)`;
  const why = untouchable(facts) ?? unwarranted(input, facts, twin);
  if (why !== undefined) return why;
  if (!facts.mayDrop)
    return `the bot's role owns neither ${facts.name} nor its schema: GRANT the owner TO the bot's role, or let the owner run: DROP INDEX CONCURRENTLY ${facts.name}`;
  return waits;
}

/**
 * DROP INDEX CONCURRENTLY of an index that only costs, in a session of its own: it blocks no reader or writer. Which of the three
 * it is must hold in the moment; one that keeps a promise is never dropped. Undo builds it again by its definition.
 * sergas-agents.missing-indexes ("drop the invalid leftover"), tektra.db-maintenance; trap pg-cic-invalid.
 */
export const dropIndex = write({
  name: "postgres.drop-index",
  title: "Drop an index concurrently",
  class: "cas",
  risk: "high",
  timeoutSeconds: 60,
  input: Input,
  output: z.object({ index: z.string(), table: z.string(), definition: z.string(), bytes: z.number() }),
  target: ({ index }) => `index/${index}`,
  preview: async (client, input, context): Promise<Preview> => {
    const seen = await look(client, input, context);
    const { facts, twin } = seen;
    if (facts === undefined)
      return { changes: [], witness: null, nothingToDo: `${input.index} does not exist any more` };
    const kept = twin === undefined ? "" : `, ${twin} stays`;
    const changes = [
      `DROP INDEX CONCURRENTLY ${facts.name} (${facts.isValid ? "" : "not valid, "}${sayBytes(facts.bytes)}, read ${Math.round(facts.scans)} times${kept}; built again by: ${facts.definition})`,
      ...(facts.tableBytes > MOST_BYTES
        ? [
            `its table is ${sayBytes(facts.tableBytes)}: too large to build it again from here, so it cannot be undone by a click`,
          ]
        : []),
    ];
    const why = refusalOf(input, seen);
    const witness = { table: facts.table, definition: facts.definition };
    return { changes, witness, ...(why === undefined ? {} : { refused: why }) };
  },
  run: (client, input, context) => drop(client, input, context),
  probe: async (client, input, _witness, context) => {
    const { facts } = await look(client, input, context);
    const evidence = `${input.index} is ${facts === undefined ? "gone" : `there, ${facts.isValid ? "valid" : "not valid"}`}`;
    // It is taken from the planner first: what is left so is neither as it was nor gone.
    if (facts?.isValid === false && input.because !== "invalid")
      return {
        verdict: "unknown",
        evidence: `${evidence}: no query uses it any more, every write pays for it; begun again, it is dropped whole (or REINDEX INDEX CONCURRENTLY brings it back)`,
      };
    return { verdict: facts === undefined ? "done" : "not-done", evidence };
  },
  undo: (_input, _witness, { index, table, definition }) => ({
    action: "postgres.create-index",
    input: { table, index, definition },
  }),
  settled: {
    check: ({ index }) => ({ state: indexState({ index }) }),
    holds: ({ state }) => state.index === null,
    figures: ({ state }, _input, { index, bytes }) =>
      state.index === null ? `${index} is gone, ${sayBytes(bytes)} freed` : `${index} is still there`,
  },
  leaves: "its counters of reads begin anew",
  says: (_input, { index, bytes }) => `${index} dropped, ${sayBytes(bytes)} freed`,
});

async function drop(client: PostgresClient, input: Input, context: WriteContext) {
  if (context.remainingMs() < 2_000) throw refused("too little time is left for it");
  const seen = await look(client, input, context);
  const { facts } = seen;
  const why = refusalOf(input, seen);
  if (facts === undefined || why !== undefined) throw refused(why ?? "");
  await dropConcurrently(client, context, facts.name).catch(async (thrown: unknown) => {
    const now = await client.read(context, (sql) => indexFacts(sql, facts.name));
    // The first thing it does is to take it from the planner: what is left then is to be dropped all the same.
    if (now?.isValid === facts.isValid) return ended(`${facts.name} was not dropped`)(thrown);
    throw thrown;
  });
  return { index: facts.name, table: facts.table, definition: facts.definition, bytes: facts.bytes };
}
