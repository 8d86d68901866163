import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import type { PostgresClient } from "../client.ts";
import { indexFacts } from "./index-facts.ts";
import { indexName } from "./names.ts";
import { Wanted, wantedIndex } from "./wanted-index.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const State = z.object({
  /** Null: there is no such index. */
  index: z
    .object({
      table: z.string(),
      isValid: z.boolean(),
      isBuilding: z.boolean(),
      /** As of the last vacuum, analyze or build. */
      bytes: z.number(),
      scans: z.number(),
      /** Changes with every rebuild. */
      file: z.string(),
      leftovers: z.array(z.string()),
    })
    .nullable(),
});
export type IndexState = z.infer<typeof State>;

/** Whether one index is there, valid, being built, and what a rebuild of it has left behind. It waits for no lock. */
export const indexState = read({
  name: "postgres.index-state",
  title: "State of an index",
  /** By its name, or as an index that is wanted. */
  input: z.union([z.strictObject({ index: indexName }), Wanted]),
  output: State,
  run: (client, input, context) =>
    client.read(context, async (sql) => {
      const wanted = "table" in input ? await wantedIndex(sql, input) : input;
      const found = typeof wanted === "string" ? undefined : await indexFacts(sql, wanted.index);
      if (found === undefined) return { index: null };
      const { table, isValid, isBuilding, bytes, scans, file, leftovers } = found;
      return { index: { table, isValid, isBuilding, bytes, scans, file, leftovers: [...leftovers] } };
    }),
});
