import { z } from "zod";
import {
  type ActionContext,
  actionsOn,
  type Call,
  type Preview,
  type Probed,
} from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { count } from "../../core/words/format.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import { linesOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { factsOf, type ProcessFacts } from "./process-facts.ts";

const { read, write } = actionsOn<HostClient>("host");
const Nice = z.int().min(-20).max(19);

const Input = z.object({
  pid: z.int().min(3),
  startTicks: z.number().min(0),
  name: z.string().max(64),
  /** What its threads have now; those with another value are left as they are. */
  from: Nice,
  to: Nice,
});
type Input = z.output<typeof Input>;

// nice(2) is of each thread: `renice -p` of the pid alone would leave the others as they are.
const LOOK = `for f in /proc/$1/task/[0-9]*/stat; do s=$(cat "$f" 2>/dev/null) || continue; set -- \${s##*) }; echo "\${17}"; done | sort | uniq -c`;
// Arguments: pid, start, from, to. The start is compared once more by the shell that calls renice.
const RENICE = `pid=$1; start=$2; from=$3; to=$4
s=$(cat "/proc/$pid/stat" 2>/dev/null) || { echo gone; exit 0; }
set -- \${s##*) }; [ "\${20}" = "$start" ] || { echo gone; exit 0; }
done=0; left=0
for f in /proc/$pid/task/[0-9]*/stat; do s=$(cat "$f" 2>/dev/null) || continue; set -- \${s##*) }; [ "\${17}" = "$from" ] || continue
t=\${f%/stat}; if renice -n "$to" -p "\${t##*/}" >/dev/null 2>&1; then done=$((done + 1)); else left=$((left + 1)); fi; done
echo "$done $left"`;

/** How many threads of a process have which nice value. */
export const niceOf = read({
  name: "host.nice-of",
  title: "The nice value of a process",
  input: Input.pick({ pid: true, startTicks: true }),
  output: z.object({
    runs: z.boolean(),
    threads: z.array(z.object({ nice: z.int(), threads: z.int() })).max(40),
  }),
  run: async (client, input, context) => {
    const found = await identified(client, input, context);
    return {
      runs: found !== undefined,
      threads: found === undefined ? [] : await threadsOf(client, input.pid, context),
    };
  },
});

async function threadsOf(client: HostClient, pid: number, context: ActionContext) {
  return linesOf(await script(client, LOOK, [String(pid)], context)).map((line) => {
    const [threads = 0, nice = 0] = line.trim().split(/\s+/).map(Number);
    return { nice, threads };
  });
}

async function identified(
  client: HostClient,
  { pid, startTicks }: Pick<Input, "pid" | "startTicks">,
  context: ActionContext,
): Promise<ProcessFacts | undefined> {
  const [found] = await factsOf(client, [pid], context);
  return found?.startTicks === startTicks ? found : undefined;
}

const at = (all: readonly { nice: number; threads: number }[], nice: number): number =>
  all.find((one) => one.nice === nice)?.threads ?? 0;

/**
 * Lets a process give way to others (or takes that back): the nice value of all its threads that have the value it was decided on. It goes on
 * with its work, and uses what is left over. tektra.cpu-optimization (guard: the running process, not a second one).
 */
export const renice = write({
  name: "host.renice",
  title: "Let a process give way (nice)",
  class: "cas",
  risk: "low",
  input: Input,
  output: z.object({ changed: z.int(), left: z.int() }),
  target: ({ pid }) => `process-${pid}`,
  preview: async (client, input, context): Promise<Preview> => {
    const found = await identified(client, input, context);
    if (found === undefined)
      return { changes: [], witness: { gone: true }, nothingToDo: `process ${input.pid} has ended` };
    const threads = await threadsOf(client, input.pid, context);
    const mine = at(threads, input.from);
    const witness = { pid: found.pid, startTicks: found.startTicks, from: mine > 0 };
    if (mine === 0)
      return at(threads, input.to) > 0
        ? { changes: [], witness, nothingToDo: `it has nice ${input.to} already` }
        : { changes: [], witness, refused: `none of its threads has nice ${input.from} any more` };
    return {
      changes: [
        `nice ${input.from} → ${input.to} for ${count(mine, "thread")} of process ${found.pid} (${found.command || found.name}, uid ${found.uid})`,
      ],
      witness,
      ...(found.protected === null || input.to < input.from ? {} : { refused: found.protected }),
    };
  },
  run: async (client, input, context) => {
    const found = await beforeEffect(() => identified(client, input, context));
    if (found === undefined) throw refused(`process ${input.pid} has ended`, "ESRCH");
    if (found.protected !== null && input.to > input.from) throw refused(found.protected);
    if (context.remainingMs() < 1_000) throw refused("too little time is left");
    const args = [input.pid, input.startTicks, input.from, input.to].map(String);
    const said = (await script(client, RENICE, args, context)).trim();
    if (said === "gone") throw refused(`process ${input.pid} has ended`, "ESRCH");
    const [changed, left] = said.split(" ").map(Number);
    if (changed === undefined || left === undefined)
      throw new DiagError("bad_output", "renice did not say what it has done");
    if (changed === 0)
      throw refused(
        left > 0
          ? "diagbot's user may not change it: only root, or its owner upward"
          : `none of its threads has nice ${input.from} any more`,
        left > 0 ? "EPERM" : undefined,
      );
    return { changed, left };
  },
  probe: async (client, input, _witness, context): Promise<Probed> => {
    if ((await identified(client, input, context)) === undefined)
      return { verdict: "unknown", evidence: `process ${input.pid} has ended` };
    const threads = await threadsOf(client, input.pid, context);
    const [old, wanted] = [at(threads, input.from), at(threads, input.to)];
    const evidence = `${wanted} of its threads have nice ${input.to}, ${old} nice ${input.from}`;
    if (wanted > 0 && old === 0) return { verdict: "done", evidence };
    return { verdict: wanted === 0 ? "not-done" : "unknown", evidence };
  },
  undo: (input): Call => renice({ ...input, from: input.to, to: input.from }),
  leaves: "a lower value needs root: an ordinary user cannot take it back",
  says: (input, { changed }) => `nice ${input.from} → ${input.to} for ${count(changed, "thread")}`,
  settled: {
    check: ({ pid, startTicks }) => ({ now: niceOf({ pid, startTicks }) }),
    holds: ({ now }, { from, to }) => !now.runs || (at(now.threads, to) > 0 && at(now.threads, from) === 0),
    figures: ({ now }, { name, pid, from, to }) =>
      now.runs
        ? `${name}, pid ${pid}: nice ${from} → ${to}, ${count(at(now.threads, to), "thread")}`
        : `${name}, pid ${pid}, has ended`,
  },
});
