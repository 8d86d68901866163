import { z } from "zod";
import {
  type ActionContext,
  actionsOn,
  type Call,
  type Preview,
  type Probed,
  type WriteContext,
} from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { sayBytes } from "../../core/words/format.ts";
import type { Json } from "../../core/words/json.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import { linesOf } from "../machine/script.ts";
import { ask } from "./ask.ts";
import { asRefusal, situation, startAnew } from "./change.ts";
import type { SystemdClient } from "./client.ts";
import { fileOf, Input, pathOf, REMOVE, STATE, settingsOf, WRITE, withoutValue } from "./drop-in-file.ts";
import { isDone, isUp, sayState } from "./settle.ts";
import type { Unit } from "./unit.ts";
import { lookAt, units } from "./units.ts";

const { write } = actionsOn<SystemdClient>("systemd");

interface State {
  readonly unit: Unit;
  readonly file: "absent" | "as-written" | "other";
  readonly memory: number;
  readonly mostFiles: number;
  readonly why: string | undefined;
}

async function stateOf(client: SystemdClient, input: Input, context: ActionContext): Promise<State> {
  const { found, why } = await situation(client, input.unit, context);
  if (found === undefined || found.load !== "loaded") throw refused(`${input.unit} is not loaded`);
  const said = await ask(client, STATE, [pathOf(input)], context);
  const [memory = "", mostFiles = "", state = ""] = linesOf(said);
  const text = said.split("\n").slice(3).join("\n");
  const file =
    state === "absent" ? "absent" : state === "present" && text === fileOf(input) ? "as-written" : "other";
  return { unit: found, file, memory: Number(memory) * 1024, mostFiles: Number(mostFiles), why };
}

/** Why these limits would harm (guards of sergas-accounts.crash-memory-leak and memory-limits). */
function tooMuch(input: Input, { unit, memory, mostFiles }: State): string | undefined {
  const { memoryMax, openFiles } = input;
  if (settingsOf(input).length === 0) return "it would set nothing";
  if (memoryMax !== undefined && memoryMax > memory * 0.9)
    return `${sayBytes(memoryMax)} does not fit into the ${sayBytes(memory)} of the machine`;
  if (memoryMax !== undefined && unit.memory.now !== null && memoryMax < unit.memory.now)
    return `${unit.name} holds ${sayBytes(unit.memory.now)} now: below that it would be killed`;
  if (openFiles !== undefined && openFiles > mostFiles)
    return `the kernel allows ${mostFiles} open files at most`;
  return undefined;
}

/**
 * Writes one file of settings beside a unit (as `systemctl edit` does) and has systemd read it; `restart` starts the unit anew.
 * Undo removes exactly that file. sergas-accounts.memory-limits, sergas-accounts.crash-memory-leak.
 */
export const writeDropIn = write({
  name: "systemd.write-drop-in",
  title: "Set limits or environment of a unit",
  class: "guarded",
  risk: "high",
  input: Input,
  output: z.object({ unit: z.string(), path: z.string(), invocationBefore: z.string() }),
  timeoutSeconds: 25,
  target: ({ unit }) => unit,
  preview: async (client, input, context): Promise<Preview> => {
    const state = await stateOf(client, input, context);
    const witness = { file: state.file, isStopped: isStopped(state.unit) };
    if (state.file === "as-written")
      return { changes: [], witness, nothingToDo: `${pathOf(input)} says so already` };
    const why =
      state.why ?? (state.file === "other" ? `${pathOf(input)} is there and says something else` : undefined);
    const refusal = why ?? tooMuch(input, state) ?? moved(input, state.unit);
    return {
      changes: changesOf(input, state.unit, "write"),
      witness,
      ...(refusal === undefined ? {} : { refused: refusal }),
    };
  },
  run: async (client, input, context) => {
    const { unit } = await beforeEffect(async () => {
      const state = await stateOf(client, input, context);
      const why =
        state.why ??
        tooMuch(input, state) ??
        moved(input, state.unit) ??
        stoppedSince(input, state.unit, context.witness);
      if (why !== undefined) throw refused(why);
      if (state.file !== "absent") throw refused(`${pathOf(input)} is there already`);
      return state;
    });
    await change(client, WRITE, input, unit, context);
    return { unit: input.unit, path: pathOf(input), invocationBefore: unit.invocation };
  },
  probe: (client, input, _witness, context) => probed(client, input, "as-written", context),
  undo: (input): Call => removeDropIn(input),
  leaves: "where the unit is started anew, the process that ran before is gone",
  says: (_input, { path }) => `${path} was written`,
  settled: {
    within: "3m",
    check: ({ unit }) => ({ now: units({ names: [unit] }) }),
    holds: ({ now }, input, { path, invocationBefore }) =>
      now.units.some(
        (one) => one.name === input.unit && one.dropIns.includes(path) && takesEffect(input, one),
      ) &&
      (!input.restart || isDone(now.units, input.unit, invocationBefore)),
    figures: ({ now }, { unit }) => sayState(now.units, unit),
  },
});

/** Removes a file that `write-drop-in` has written, as long as it says what was written, and has systemd read it. */
export const removeDropIn = write({
  name: "systemd.remove-drop-in",
  title: "Take settings of a unit back",
  class: "guarded",
  risk: "high",
  input: Input,
  output: z.object({ unit: z.string(), path: z.string() }),
  timeoutSeconds: 25,
  target: ({ unit }) => unit,
  preview: async (client, input, context): Promise<Preview> => {
    const state = await stateOf(client, input, context);
    const witness = { file: state.file, isStopped: isStopped(state.unit) };
    if (state.file === "absent")
      return { changes: [], witness, nothingToDo: `${pathOf(input)} is not there` };
    const why =
      state.why ?? (state.file === "other" ? `${pathOf(input)} is not as it was written` : undefined);
    return {
      changes: changesOf(input, state.unit, "remove"),
      witness,
      ...(why === undefined ? {} : { refused: why }),
    };
  },
  run: async (client, input, context) => {
    const { unit } = await beforeEffect(async () => {
      const state = await stateOf(client, input, context);
      if (state.why !== undefined) throw refused(state.why);
      if (state.file !== "as-written") throw refused(`${pathOf(input)} is not as it was written`);
      return state;
    });
    // Somebody has stopped it since: it is not for the way back to start it.
    const restart = input.restart && !isStopped(unit);
    await change(client, REMOVE, { ...input, restart }, unit, context);
    return { unit: input.unit, path: pathOf(input) };
  },
  probe: (client, input, _witness, context) => probed(client, input, "absent", context),
  undo: (input): Call => writeDropIn({ ...input, invocation: "" }),
  leaves: "where the unit is started anew, the process that ran before is gone",
  says: (_input, { path }) => `${path} was removed`,
  settled: {
    within: "3m",
    check: ({ unit }) => ({ now: units({ names: [unit] }) }),
    holds: ({ now }, input, { path }) =>
      now.units.some(
        (one) =>
          one.name === input.unit &&
          !one.dropIns.includes(path) &&
          (!input.restart || isUp(one) || isStopped(one)),
      ),
    figures: ({ now }, { unit }) => sayState(now.units, unit),
  },
});

/** By whoever wanted it down: one that failed, or is on its way, is not. */
const isStopped = ({ active }: Unit): boolean => active === "inactive";

/** It ran when it was approved, and somebody has stopped it: a start is not what was approved. */
const stoppedSince = ({ unit, restart }: Input, found: Unit, witness: Json): string | undefined =>
  restart && isStopped(found) && Witness.safeParse(witness).data?.isStopped === false
    ? `${unit} was stopped since`
    : undefined;
const Witness = z.object({ isStopped: z.boolean() });

/** Another start than the one it was decided on; an empty one was not decided on any. */
const moved = ({ invocation, unit, restart }: Input, found: Unit): string | undefined =>
  restart && invocation !== "" && found.invocation !== "" && found.invocation !== invocation
    ? `${unit} was started again since`
    : undefined;

const changesOf = (input: Input, { active, sub }: Unit, how: "write" | "remove"): string[] => [
  `${how} ${pathOf(input)} (${settingsOf(input).map(withoutValue).join(", ")}), then daemon-reload`,
  ...(input.restart && (how === "write" || active !== "inactive")
    ? [`${active === "active" ? "restart" : "start"} ${input.unit} (${active}, ${sub})`]
    : []),
];

/** The limits that were wanted are those in force. */
const takesEffect = ({ openFiles, memoryMax, tasksMax, cpuPercent }: Input, unit: Unit): boolean =>
  !unit.fileChanged &&
  (openFiles === undefined || unit.openFiles.hard === openFiles) &&
  (memoryMax === undefined || Math.abs((unit.memory.max ?? 0) - memoryMax) < 65_536) &&
  (tasksMax === undefined || unit.tasks.max === tasksMax) &&
  (cpuPercent === undefined || Math.abs((unit.cpuQuota ?? 0) * 100 - cpuPercent) < 1);

async function change(
  client: SystemdClient,
  text: string,
  input: Input,
  unit: Unit,
  context: WriteContext,
): Promise<void> {
  if (context.remainingMs() < 2_000) throw refused("too little time is left");
  const limits = { ...context, timeoutMs: Math.min(context.timeoutMs, context.remainingMs()) };
  try {
    await ask(client, text, [client.sudo ? "sudo" : "", pathOf(input), fileOf(input)], limits);
  } catch (thrown) {
    // 44 and 45: the file is as it was. 46: it has changed, and systemd has not read it.
    if (thrown instanceof DiagError && (thrown.detail === "exit 44" || thrown.detail === "exit 45"))
      throw refused(thrown.message, thrown.detail);
    throw thrown instanceof DiagError && thrown.detail === "exit 46" ? thrown : asError(thrown);
  }
  if (!input.restart) return;
  try {
    await startAnew(client, unit, "restart", context);
  } catch (thrown) {
    throw asError(thrown);
  }
}

/** After the file was changed nothing is a refusal any more. */
function asError(thrown: unknown): unknown {
  const said = asRefusal(thrown);
  return said instanceof DiagError && said.code === "target_refused"
    ? new DiagError("target_error", `the file is changed, then: ${said.message}`, { cause: thrown })
    : thrown;
}

async function probed(
  client: SystemdClient,
  input: Input,
  wanted: State["file"],
  context: ActionContext,
): Promise<Probed> {
  const { file } = await stateOf(client, input, context);
  const found = await lookAt(client, input.unit, context);
  const path = pathOf(input);
  if (file !== wanted) return { verdict: "not-done", evidence: `${path}: ${file}` };
  const isLoaded = found?.dropIns.includes(path) === (wanted === "as-written");
  return isLoaded && found !== undefined && !found.fileChanged && !found.job
    ? { verdict: "done", evidence: `${path}: ${file}, and systemd has read it` }
    : { verdict: "unknown", evidence: `${path}: ${file}; whether all that follows was done is not known` };
}
