import { z } from "zod";
import { type ActionContext, actionsOn, type Preview, type WriteContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { sayBytes } from "../../core/words/format.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import { script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { processBudgets } from "./process-budgets.ts";
import { factsOf, type ProcessFacts } from "./process-facts.ts";

const { read, write } = actionsOn<HostClient>("host");

const Input = z.object({ pid: z.int().min(3), startTicks: z.number().min(0), name: z.string().max(64) });
type Input = z.output<typeof Input>;

/** Does the process of this pid and start time still run? */
export const processRuns = read({
  name: "host.process-runs",
  title: "Whether a process still runs",
  input: Input.pick({ pid: true, startTicks: true }),
  output: z.object({ runs: z.boolean() }),
  run: async (client, input, context) => ({ runs: (await identified(client, input, context)) !== undefined }),
});

// The start time is compared by the shell that sends the signal: no more than one step of it lies between.
const SIGNAL = `stat=$(cat "/proc/$1/stat" 2>/dev/null) || { echo ESRCH; exit 0; }
pid=$1; start=$2
set -- \${stat##*) }
[ "\${20}" = "$start" ] || { echo other; exit 0; }
kill -TERM "$pid" 2>/dev/null && { echo sent; exit 0; }
[ -d "/proc/$pid" ] && echo EPERM || echo ESRCH`;

/** Sends SIGTERM to the process of this pid and start time. `target_refused` where it was not sent. */
export async function sendTerm(client: HostClient, { pid, startTicks }: Identity, context: WriteContext) {
  if (context.remainingMs() < 1_000) throw refused("too little time is left");
  const said = (await script(client, SIGNAL, [String(pid), String(startTicks)], context)).trim();
  const why = REFUSALS[said];
  if (why !== undefined) throw refused(`process ${pid}: ${why}`, said);
  if (said !== "sent") throw new DiagError("bad_output", "the signal was neither sent nor refused");
}

/**
 * Asks one process to end: SIGTERM, never SIGKILL (trap `kill-9`), to the process with this pid and start time only. What
 * supervises it may start it again. sergas-accounts.high-memory, guard 5 of the guides' catalogue.
 */
export const terminateProcess = write({
  name: "host.terminate-process",
  title: "Ask a process to end (SIGTERM)",
  class: "guarded",
  risk: "high",
  input: Input,
  output: z.object({ pid: z.int(), signal: z.literal("SIGTERM") }),
  target: ({ pid }) => `process-${pid}`,
  preview: async (client, input, context): Promise<Preview> => {
    const found = await identified(client, input, context);
    if (found === undefined)
      return { changes: [], witness: { gone: true }, nothingToDo: `process ${input.pid} has ended` };
    const owner = found.unit === "" ? "" : `, ${found.unit}`;
    const changes = [
      `send SIGTERM to process ${found.pid} (${found.command || found.name}; ${sayBytes(found.resident + found.swap)}, uid ${found.uid}${owner})`,
    ];
    const witness = { pid: found.pid, startTicks: found.startTicks };
    return { changes, witness, ...(found.protected === null ? {} : { refused: found.protected }) };
  },
  // The pid and the start time name the process; one that ended by itself needs nothing more.
  drift: () => [],
  run: async (client, input, context) => {
    const found = await beforeEffect(() => identified(client, input, context));
    if (found === undefined) throw refused(`process ${input.pid} has ended`, "ESRCH");
    if (found.protected !== null) throw refused(found.protected);
    await sendTerm(client, input, context);
    return { pid: input.pid, signal: "SIGTERM" as const };
  },
  probe: async (client, input, _witness, context) => {
    const found = await identified(client, input, context);
    if (found === undefined) return { verdict: "done", evidence: `process ${input.pid} has ended` };
    return {
      verdict: "unknown",
      evidence: `process ${input.pid} (${found.name}) still runs; whether it was signalled cannot be seen`,
    };
  },
  undo: "none: a process that ended does not come back by itself; its supervisor may start it again",
  settled: {
    check: ({ pid, startTicks }) => ({
      process: processRuns({ pid, startTicks }),
      budgets: processBudgets(),
    }),
    holds: ({ process }) => !process.runs,
    figures: ({ process, budgets }, ended, _output, before) => {
      if (process.runs) return `${ended.name}, pid ${ended.pid}, still runs`;
      const known = before.budgets?.budgets ?? [];
      const was = known.flatMap(({ processes }) => processes).find((one) => isSame(one, ended));
      const next = successorOf(ended, known, budgets.budgets);
      const held = was === undefined ? "" : ` held ${sayBytes(was.anonymous + was.swap)} and`;
      const again = next && `; it runs again, pid ${next.pid}, ${sayBytes(next.anonymous + next.swap)}`;
      return `${ended.name}, pid ${ended.pid},${held} has ended${again ?? ""}`;
    },
  },
});

const REFUSALS: Readonly<Record<string, string>> = {
  ESRCH: "it has ended",
  other: "another process has its number now",
  EPERM: "diagbot's user may not signal it",
};

type Identity = Pick<Input, "pid" | "startTicks">;
const isSame = (one: Identity, other: Identity): boolean =>
  one.pid === other.pid && one.startTicks === other.startTicks;

type Budgets = readonly { readonly match: string; readonly processes: readonly ProcessFacts[] }[];

/** What its supervisor has started since: a process of the same program that was not there before. */
function successorOf(ended: Input, before: Budgets, after: Budgets): ProcessFacts | undefined {
  const isIn = (all: readonly ProcessFacts[], which: Identity) => all.some((one) => isSame(one, which));
  const program = before.find(({ processes }) => isIn(processes, ended));
  return after
    .find(({ match }) => match === program?.match)
    ?.processes.find((one) => !isIn(program?.processes ?? [], one));
}

/** The process of that pid and start time; undefined where it has ended, whoever has its number now. */
async function identified(
  client: HostClient,
  input: Pick<Input, "pid" | "startTicks">,
  context: ActionContext,
): Promise<ProcessFacts | undefined> {
  const [found] = await factsOf(client, [input.pid], context);
  return found?.startTicks === input.startTicks ? found : undefined;
}
