import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { linesOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { factsOf, ProcessFacts } from "./process-facts.ts";

const { read } = actionsOn<HostClient>("host");
const MOST_PROCESSES = 20;

// The pattern comes by standard input: in an argument grep would find itself.
const MATCHING = `printf '%s' "$1" | grep -alF -f - /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 | grep -vx "$$" | head -n 40; true`;

/**
 * What the programs with a memory budget (`processes:` of the connection) hold: at most 20 processes each, largest first.
 * No budgets: nothing is asked. sergas-accounts.memory-footprint.
 */
export const processBudgets = read({
  name: "host.process-budgets",
  title: "Programs against their memory budgets",
  input: z.object({}),
  output: z.object({
    budgets: z.array(z.object({ match: z.string(), bytes: z.number(), processes: z.array(ProcessFacts) })),
  }),
  run: async (client, _input, context) => ({
    budgets: await Promise.all(
      client.processes.map(async ({ match, bytes }) => ({
        match,
        bytes,
        processes: await processesOf(client, match, context),
      })),
    ),
  }),
});

async function processesOf(
  client: HostClient,
  match: string,
  context: ActionContext,
): Promise<ProcessFacts[]> {
  const pids = linesOf(await script(client, MATCHING, [match], context)).map(Number);
  if (pids.length === 0) return [];
  const found = await factsOf(client, pids, context);
  return found.sort((a, b) => b.anonymous + b.swap - (a.anonymous + a.swap)).slice(0, MOST_PROCESSES);
}
