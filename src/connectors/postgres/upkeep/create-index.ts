import { z } from "zod";
import {
  type ActionContext,
  actionsOn,
  type Preview,
  type Probed,
  type WriteContext,
} from "../../../core/words/action.ts";
import { count, sayBytes, sayPercent } from "../../../core/words/format.ts";
import { refused } from "../../before-effect.ts";
import type { PostgresClient } from "../client.ts";
import { built, dropConcurrently, RESERVE_MS } from "./build.ts";
import { ended } from "./ended.ts";
import { type IndexFacts, indexFacts } from "./index-facts.ts";
import { indexState } from "./index-state.ts";
import { olderThan, tooLarge, unfit } from "./table-facts.ts";
import { Wanted, type WantedIndex, wantedIndex } from "./wanted-index.ts";

const { write } = actionsOn<PostgresClient>("postgres");

/** Reading all of a table is cheaper from about here on: such an index is never used. */
const UNSELECTIVE = 0.1;

interface Seen {
  /** A text: why it cannot be. */
  readonly wanted: WantedIndex | string;
  /** What has that name now. */
  readonly there?: IndexFacts | undefined;
  readonly waits?: string | undefined;
}

const look = (client: PostgresClient, input: Wanted, context: ActionContext): Promise<Seen> =>
  client.read(context, async (sql) => {
    const wanted = await wantedIndex(sql, input);
    if (typeof wanted === "string") return { wanted };
    const there = await indexFacts(sql, wanted.index);
    return { wanted, there, waits: await olderThan(sql, wanted.facts.oid, true) };
  });

/** The very index, whether it is valid or was left behind by a build that failed. */
const isSame = ({ definition }: WantedIndex, there: IndexFacts | undefined): boolean =>
  there?.definition === definition;

function refusalOf({ wanted, there, waits }: Seen): string | undefined {
  if (typeof wanted === "string") return wanted;
  const { facts, statement, share, index, served } = wanted;
  const why = unfit(facts, "building an index");
  if (why !== undefined) return why;
  if (!facts.mayIndex)
    return `the bot's role does not own ${facts.name}, or may not create in its schema: GRANT its owner TO the bot's role, or let the owner run: ${statement}`;
  if (there !== undefined && !isSame(wanted, there))
    return `${index} is another index already: ${there.definition}`;
  if (there?.isBuilding === true) return `an index of ${facts.name} is being built now`;
  if (served !== null) return `${served} begins with these columns already`;
  if (share !== null && share >= UNSELECTIVE)
    return `one value is that of ${sayPercent(share)} of the rows on average (planner's statistics): reading all of them is cheaper than such an index; a partial one for a rare value may help`;
  return tooLarge(facts.bytes, facts.name, statement) ?? waits;
}

/**
 * CREATE INDEX CONCURRENTLY, one statement in a session of its own: it blocks no reader or writer. Refused where the table is so
 * large that it would take longer than a step may, where an old transaction would have to be waited for, where an index serves
 * already or would not be used. One of the same definition that a failed build left invalid is dropped first. What fails is
 * dropped again; what cannot be dropped is told. Undo drops it. sergas-agents.missing-indexes, sergas-accounts.missing-indexes,
 * tektra.slow-db-queries; traps pg-cic-invalid, pg-cic-multi, pg-create-index-blocking.
 */
export const createIndex = write({
  name: "postgres.create-index",
  title: "Build an index concurrently",
  class: "cas",
  risk: "high",
  timeoutSeconds: 60,
  input: Wanted,
  output: z.object({ index: z.string(), table: z.string(), definition: z.string(), bytes: z.number() }),
  target: ({ table }) => `table/${table}`,
  preview: async (client, input, context): Promise<Preview> => {
    const seen = await look(client, input, context);
    const { wanted, there } = seen;
    if (typeof wanted === "string") return { changes: [], witness: null, refused: wanted };
    const witness = { table: wanted.facts.oid, index: there === undefined ? null : there.definition };
    if (isSame(wanted, there) && there?.isValid === true)
      return { changes: [], witness, nothingToDo: `${wanted.index} is there already` };
    const why = refusalOf(seen);
    return { changes: changesOf(wanted, there), witness, ...(why === undefined ? {} : { refused: why }) };
  },
  run: (client, input, context) => build(client, input, context),
  probe: async (client, input, _witness, context) => probed(await look(client, input, context)),
  undo: (_input, _witness, { index, definition }) => ({
    action: "postgres.drop-index",
    input: { index, because: "made", definition },
  }),
  settled: {
    check: (input) => ({ state: indexState(input) }),
    holds: ({ state }) => state.index?.isValid === true,
    figures: ({ state }, _input, { index }) =>
      state.index === null
        ? `${index} is not there`
        : `${index} is ${state.index.isValid ? "valid" : "not valid"}, ${sayBytes(state.index.bytes)}, read ${count(state.index.scans, "time")} so far`,
  },
  leaves: "what was read by it reads the whole table again",
  says: (_input, { index, bytes }) => `${index} built again, ${sayBytes(bytes)}`,
});

function changesOf({ facts, statement, index, share }: WantedIndex, there: IndexFacts | undefined): string[] {
  const drop =
    there === undefined ? [] : [`DROP INDEX CONCURRENTLY ${index} (a failed build left it invalid)`];
  const value =
    share === null ? "" : `, one value is that of about ${Math.max(1, Math.round(share * facts.rows))} rows`;
  return [
    ...drop,
    `${statement} (${Math.round(facts.rows)} rows, ${sayBytes(facts.bytes)}${value}; needs free disk on the server, up to twice the size of the index while it is built; every write to the table pays for it)`,
  ];
}

async function build(client: PostgresClient, input: Wanted, context: WriteContext) {
  if (context.remainingMs() < RESERVE_MS + 2_000) throw refused("too little time is left for it");
  const seen = await look(client, input, context);
  const { wanted, there } = seen;
  if (typeof wanted === "string") throw refused(wanted);
  const { index, facts, definition, statement } = wanted;
  const now = () => client.read(context, (sql) => indexFacts(sql, index));
  if (!(isSame(wanted, there) && there?.isValid === true)) {
    const why = refusalOf(seen);
    if (why !== undefined) throw refused(why);
    if (there !== undefined)
      await dropConcurrently(client, context, index, RESERVE_MS).catch(
        ended(`${index}, not valid, is still there`),
      );
    await built(client, context, {
      statement,
      what: index,
      leftBy: async () => ((await now())?.isValid === false ? [index] : []),
    });
  }
  return { index, table: facts.name, definition, bytes: (await now())?.bytes ?? 0 };
}

function probed({ wanted, there }: Seen): Probed {
  if (typeof wanted === "string") return { verdict: "unknown", evidence: wanted };
  const { index } = wanted;
  if (there === undefined) return { verdict: "not-done", evidence: `${index} is not there` };
  if (there.isBuilding)
    return { verdict: "unknown", evidence: `${index} is there, and an index of its table is being built` };
  if (there.isValid && isSame(wanted, there)) return { verdict: "done", evidence: `${index} is valid` };
  return {
    verdict: "unknown",
    evidence: `${index} was left behind and is not valid: no query uses it, and every write pays for it; begun again, it is dropped first, and pg-indexes offers to drop it`,
  };
}
