import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import type { PostgresClient } from "../client.ts";
import { tableName } from "./names.ts";
import { tableFacts } from "./table-facts.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const State = z.object({
  /** Null: there is no such table. */
  table: z
    .object({
      /** As of the last vacuum or analyze. */
      bytes: z.number(),
      rows: z.number(),
      /** As counted. */
      dead: z.number(),
      /** Vacuums by hand that ended since the counters began. */
      vacuums: z.number(),
      /** Since the last vacuum of either kind; null: none is known. */
      vacuumedSeconds: z.number().nullable(),
      isVacuumed: z.boolean(),
    })
    .nullable(),
});
export type TableState = z.infer<typeof State>;

/** Size, dead rows and vacuums of one table, by the catalog and the counters: it waits for no lock. */
export const tableState = read({
  name: "postgres.table-state",
  title: "Size, dead rows and vacuums of a table",
  input: z.object({ table: tableName }),
  output: State,
  run: (client, { table }, context) =>
    client.read(context, async (sql) => {
      const found = await tableFacts(sql, table);
      if (found === undefined) return { table: null };
      const { bytes, rows, dead, vacuums, vacuumedSeconds, isVacuumed } = found;
      return { table: { bytes, rows, dead, vacuums, vacuumedSeconds, isVacuumed } };
    }),
});
