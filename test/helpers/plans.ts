import { z } from "zod";
import { openPool, type Pool } from "../../src/store/pool.ts";

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string | undefined;
  readonly Plans?: readonly PlanNode[] | undefined;
}
const PlanNode: z.ZodType<PlanNode> = z.object({
  "Node Type": z.string(),
  "Relation Name": z.string().optional(),
  Plans: z.lazy(() => z.array(PlanNode)).optional(),
});
const Explained = z.object({ "Query Text": z.string(), Plan: PlanNode });

/** A statement that reads a table from one end to the other. */
export interface WholeRead {
  readonly table: string;
  readonly statement: string;
}

/**
 * A pool whose sessions tell the plan of every statement, of those inside functions as well (auto_explain; needs a superuser).
 * `wholeReads` are the tables that statements so far would read whole, each with one of the statements.
 */
export function openExplainedPool(url: string): {
  pool: Pool;
  wholeReads(): WholeRead[];
  statements(): number;
} {
  const found = new Map<string, WholeRead>();
  let statements = 0;
  const pool = openPool(url, { max: 4 });
  pool.on("connect", (client) => {
    client.on("notice", ({ message }) => {
      const json = message?.slice(message.indexOf("{"));
      if (json === undefined || !message?.includes("plan:")) return;
      const { "Query Text": text, Plan } = Explained.parse(JSON.parse(json));
      statements += 1;
      for (const table of readWhole(Plan))
        found.set(`${table} ${text}`, { table, statement: text.replaceAll(/\s+/g, " ").slice(0, 300) });
    });
    void client.query(
      "LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on; SET auto_explain.log_format = json; SET auto_explain.log_level = notice; SET client_min_messages = notice",
    );
  });
  return { pool, wholeReads: () => [...found.values()], statements: () => statements };
}

const readWhole = (node: PlanNode): string[] => [
  ...(node["Node Type"] === "Seq Scan" && node["Relation Name"] !== undefined ? [node["Relation Name"]] : []),
  ...(node.Plans ?? []).flatMap(readWhole),
];
