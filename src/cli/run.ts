import { lookNext } from "../core/rules/look-next.ts";
import { RUN_WAITS, type STEP_WAITS } from "../core/rules/queue-away.ts";
import { DiagError } from "../core/words/errors.ts";
import { RunId } from "../core/words/ids.ts";
import type { RunView } from "../core/words/view.ts";
import type { CliDeps, CliIo, RunAsk } from "./deps.ts";
import { EXIT, exitOfRun, usage } from "./exit.ts";
import { mustBeOneOf } from "./one-of.ts";
import { runJson } from "./run-json.ts";
import { runText } from "./run-text.ts";
import { unknownAccount } from "./who.ts";

export interface RunOptions {
  readonly system: string;
  readonly param: readonly string[];
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly wait: boolean;
}

/** `run`: asks for a run and, unless told not to wait, shows how it ended or what it waits for. */
export async function run(deps: CliDeps, io: CliIo, runbook: string, options: RunOptions): Promise<number> {
  const ask = mayOffer(deps, io, await askFor(deps, runbook, options));
  const id = await deps.submit(ask);
  await noteQueue(deps, io, RUN_WAITS);
  if (!options.wait) {
    io.stdout(options.json ? `${JSON.stringify({ id, status: "queued" })}\n` : `run ${id}\n`);
    return EXIT.ok;
  }
  const view = await finish(deps, io, id);
  await show(deps, view, io, options.json);
  return exitOfRun(view);
}

/** Asks for a run of what was typed and does not wait for it. Throws `usage` and what the door refuses. */
export const submitted = async (
  deps: CliDeps,
  runbook: string,
  options: Pick<RunOptions, "system" | "param" | "dryRun">,
): Promise<RunId> => deps.submit(await askFor(deps, runbook, options));

/** What is offered for approval needs a requester, who may not approve it: for an account nobody knows the run only looks. */
export function mayOffer<A extends { readonly dryRun: boolean }>(deps: CliDeps, io: CliIo, ask: A): A {
  const { caller, person } = deps.who();
  if (person !== undefined || ask.dryRun) return ask;
  const { message, hint } = unknownAccount(caller, "ask for remedies: this is a dry run");
  io.stderr(`${message}\n${hint}\n`);
  return { ...ask, dryRun: true };
}

/** What waits for the queue is said beside the answer: stdout may be read by a program. */
export async function noteQueue(deps: CliDeps, io: CliIo, waits: typeof RUN_WAITS | typeof STEP_WAITS) {
  if (!(await deps.queueTakes())) io.stderr(`${waits}\n`);
}

/** Waits for the run, or works it here where nobody else would. */
export async function finish(deps: CliDeps, io: CliIo, id: RunId): Promise<RunView> {
  if (await deps.hasWorker()) return deps.waitForRun(id);
  io.stderr(`no worker is alive: run ${id} is worked here\n`);
  return deps.workInline(id);
}

/** `status`: one run. */
export async function status(deps: CliDeps, io: CliIo, id: string, json: boolean): Promise<number> {
  await show(deps, await viewOf(deps, id), io, json);
  return EXIT.ok;
}

/** The run of a typed number. Throws `usage` and `unknown_run`. */
export async function viewOf(deps: CliDeps, typed: string): Promise<RunView> {
  const id = RunId.safeParse(typed.replace(/^#/, ""));
  if (!id.success) throw usage(`"${typed}" is not the number of a run`);
  const view = await deps.run(id.data);
  if (view === undefined) throw new DiagError("unknown_run", `there is no run ${id.data}`);
  return view;
}

async function show(deps: CliDeps, view: RunView, io: CliIo, json: boolean): Promise<void> {
  io.stdout(`${json ? JSON.stringify(runJson(view)) : runText(view, await nextOf(deps, view))}\n`);
}

/** Whether its alert still fires is not known here: the words say so. */
const nextOf = async (deps: CliDeps, view: RunView): Promise<string[]> =>
  lookNext({ ...(await deps.knowledge()), systems: (await deps.config()).systems }, view, {
    firing: view.alert !== undefined,
    looked: [],
  });

async function askFor(
  deps: CliDeps,
  runbook: string,
  { system, param, dryRun }: Pick<RunOptions, "system" | "param" | "dryRun">,
): Promise<RunAsk> {
  const { runbooks } = await deps.knowledge();
  mustBeOneOf(
    "unknown_runbook",
    "runbook",
    runbook,
    runbooks.map(({ id }) => id),
  );
  mustBeOneOf(
    "unknown_system",
    "system",
    system,
    (await deps.config()).systems.map(({ id }) => id),
  );
  return { system, runbook, params: paramsOf(param), dryRun };
}

function paramsOf(pairs: readonly string[]): Record<string, string> {
  const params = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at < 1) throw usage(`--param ${pair}: write it as name=value`);
    const name = pair.slice(0, at);
    if (params.has(name)) throw usage(`--param ${name} is given twice`);
    params.set(name, pair.slice(at + 1));
  }
  return Object.fromEntries(params);
}
