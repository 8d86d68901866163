import { z } from "zod";
import { hold, sayCells } from "../../core/rules/commands/asked.ts";
import { actionsOn, type Probed, type WriteContext } from "../../core/words/action.ts";
import { type Command, WriteCall } from "../../core/words/command.ts";
import { DiagError, toDiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import type { Json } from "../../core/words/json.ts";
import { type Cells, Reading } from "../../core/words/reading.ts";
import { CellsShape, type Found, Look, SECONDS } from "./look.ts";
import { beforeIn, previewOf, undoIn } from "./plan.ts";
import type { Runner } from "./runner.ts";
import type { SettledAction } from "./settled.ts";

/** The one write of a kind with declared commands: which one, its input says, with the digest of its declaration. */
export const runAction = <Client, C extends Command>(
  kind: string,
  runner: Runner<Client, C>,
  settled: SettledAction,
) =>
  actionsOn<Client>(kind).write({
    name: `${kind}.run`,
    title: "Carries out a declared write",
    class: "guarded",
    // The least; what the declaration says comes with the preview.
    risk: "low",
    timeoutSeconds: SECONDS,
    input: WriteCall,
    // `code` null: an undo that found it so already, and sent nothing.
    // `left`: what its probe saw right after, where only the difference tells that something was done.
    output: z.object({
      code: z.int().nullable(),
      before: CellsShape,
      left: CellsShape.optional(),
      answer: Reading.optional(),
    }),
    // Declared writes may be about the same thing: of one connection only one at a time.
    target: () => "commands",
    preview: (client, input, context) => previewOf(new Look(runner, client, context), input),
    run: async (client, input, context) => {
      const look = new Look(runner, client, context);
      const { found, before, isThere } = await beforeSending(() => lastLook(look, input, context));
      if (isThere) return { code: null, before };
      const timeoutMs = Math.min(found.command.timeoutSeconds * 1000, context.remainingMs());
      const sent = await runner.send(client, found.command, found.values, { ...context, timeoutMs });
      return { ...sent, before, ...(await leftBy(look, found, before, context)) };
    },
    probe: (client, input, witness, context) => probed(new Look(runner, client, context), input, witness),
    undo: ({ command, params }, witness, output) => {
      const back = undoIn(witness);
      const [before, left] = [beforeIn(witness), output?.left];
      const undoes = {
        ...{ command, params },
        ...(before === undefined ? {} : { before }),
        ...(left === undefined ? {} : { left }),
      };
      return back && { action: `${kind}.run`, input: { ...withoutUndoes(back), undoes } };
    },
    leaves: "what happened between the two stays; only what the declaration names is put back",
    says: ({ command }, { before, code }) =>
      [
        `${command}: ${code ?? "it was so already"}`,
        ...(Object.keys(before).length === 0 ? [] : [`before it ${sayAll(before)}`]),
      ].join(", "),
    settled: {
      check: (input) => ({ settled: settled(input) }),
      holds: ({ settled: { row, when } }, _input, output) =>
        isSettled(hold(when, row, seenBefore(output)), output),
      figures: ({ settled: { row, when } }, _input, output) =>
        figures(Object.keys(when), row, seenBefore(output)),
    },
  });

const withoutUndoes = ({ command, params, declared }: WriteCall) => ({ command, params, declared });

/** Everything that must still hold, asked once more just before; what speaks against it is a refusal. */
async function lastLook<Client, C extends Command>(
  look: Look<Client, C>,
  input: WriteCall,
  { remainingMs, witness }: Pick<WriteContext, "remainingMs" | "witness">,
): Promise<{ found: Found<C>; before: Cells; isThere?: true }> {
  isInTime(remainingMs());
  const found = look.declared(input);
  const { row, kept } = await look.state(found);
  if (look.isDone(found, row) === true) {
    // Whoever wants it back has it: the service itself, or a person, was quicker.
    if (input.undoes !== undefined) return { found, before: kept, isThere: true };
    throw refused(`it is so already: ${sayAll(kept)}`);
  }
  const then = beforeIn(witness);
  // Its undo would bring back what was approved, over what somebody has set since.
  if (then !== undefined && !isSame(then, kept))
    throw refused(`it is ${sayAll(kept)} now, no longer ${sayAll(then)}`);
  const why = await look.refusal(found);
  if (why !== undefined) throw refused(why);
  if (input.undoes !== undefined) await isAsLeft(look, input.undoes);
  isInTime(remainingMs());
  return { found, before: kept };
}

function isInTime(ms: number): void {
  if (ms < 1_000) throw refused("too little time is left");
}

/** An undo takes back what was done, and nothing that has come since. */
async function isAsLeft<Client, C extends Command>(
  look: Look<Client, C>,
  undoes: NonNullable<WriteCall["undoes"]>,
): Promise<void> {
  const found = look.find(undoes, "write");
  const { row, kept } = await look.state(found);
  const isOther = undoes.left !== undefined && !isSame(undoes.left, kept);
  if (isOther || look.isDone(found, row, undoes.before) === false)
    throw refused(`it is not as ${undoes.command} left it: ${sayAll(kept)}`);
}

/**
 * What it left, asked right after: only where `changed` alone tells that it was done does an undo need it. An effect that takes its
 * time is not seen yet, and an answer that does not come is no failure of the write.
 */
async function leftBy<Client, C extends Command>(
  look: Look<Client, C>,
  found: Found<C>,
  before: Cells,
  { remainingMs }: Pick<WriteContext, "remainingMs">,
): Promise<{ left?: Cells }> {
  const when = Object.values(found.command.probe?.when ?? {});
  if (!when.some(({ changed }) => changed !== undefined) || remainingMs() < 2_000) return {};
  try {
    const { row, kept } = await look.state(found);
    return look.isDone(found, row, before) === true ? { left: kept } : {};
  } catch {
    return {};
  }
}

async function probed<Client, C extends Command>(
  look: Look<Client, C>,
  input: WriteCall,
  witness: Json,
): Promise<Probed> {
  const found = look.find(input, "write");
  const before = beforeIn(witness);
  const { row, kept } = await look.state(found);
  if (look.isDone(found, row, before) === true) return { verdict: "done", evidence: `Now: ${sayAll(kept)}` };
  return before !== undefined && isSame(before, kept)
    ? { verdict: "not-done", evidence: `It is as it was: ${sayAll(kept)}` }
    : { verdict: "unknown", evidence: `It is neither as it was nor as it should be: ${sayAll(kept)}` };
}

const refused = (why: string): DiagError => new DiagError("target_refused", `${why}: nothing was done`);

/** Whatever goes wrong before anything was sent has changed nothing. */
async function beforeSending<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const error = toDiagError(thrown, "target_error");
    if (["target_refused", "bad_parameter", "aborted"].includes(error.code)) throw error;
    throw new DiagError("target_refused", `before it was sent: ${error.message}`, { cause: thrown });
  }
}

const isSame = (a: Cells, b: Cells): boolean =>
  Object.keys(a).length === Object.keys(b).length &&
  Object.entries(a).every(([name, cell]) => b[name] === cell);

/** Where the outcome was found out by the probe, `changed` was judged by it already: there is nothing left to compare with. */
const isSettled = (holds: boolean | undefined, output: unknown): boolean =>
  output === undefined ? holds !== false : holds === true;

/** Where the outcome was found out by the probe there is no output. */
const seenBefore = (output: { readonly before: Cells } | undefined): Cells | undefined => output?.before;

const sayAll = (cells: Cells): string => sayCells(cells, Object.keys(cells));

/** `state open → closed`. */
const figures = (columns: readonly string[], row: Cells, before: Cells = {}): string =>
  columns
    .map((name) => `${name} ${name in before ? `${say(before[name])} → ` : ""}${say(row[name])}`)
    .join(", ");
const say = (cell: Cells[string] | undefined): string => clip(String(cell ?? "–"), 60);
