import { filled, sayCells } from "../../core/rules/commands/asked.ts";
import type { Preview } from "../../core/words/action.ts";
import type { Command, WriteCall } from "../../core/words/command.ts";
import { clip } from "../../core/words/format.ts";
import { canonical, type Json } from "../../core/words/json.ts";
import { type Cells, named } from "../../core/words/reading.ts";
import type { Found, Look } from "./look.ts";
import { WitnessShape } from "./look.ts";

/** Rows of a declared preview that are shown. */
const MOST_SHOWN = 10;
const NO_WAY_BACK = "what is there now could not be brought back: its undo does not take that value";

/** What a declared write would change now, what speaks against it, and the state that was decided on. */
export async function previewOf<Client, C extends Command>(
  look: Look<Client, C>,
  input: WriteCall,
): Promise<Preview> {
  const found = look.find(input, "write");
  const declared = look.digest(input.command);
  if (declared !== input.declared)
    return { changes: [], witness: { declared }, refused: `${input.command} is declared differently now` };
  const { row, kept } = await look.state(found);
  const undo = undoOf(look, found, kept);
  const preview = {
    changes: await changesOf(look, found, kept),
    witness: asJson({ declared, before: kept, undo: undo ?? null }),
    risk: found.command.risk ?? "destructive",
    timeoutSeconds: look.secondsOf(found),
  };
  if (look.isDone(found, row) === true)
    return { ...preview, nothingToDo: `it is so already: ${sayCells(kept, Object.keys(kept))}` };
  const refused = undo === undefined ? NO_WAY_BACK : await look.refusal(found);
  return { ...preview, ...(refused === undefined ? {} : { refused }) };
}

const asJson = (witness: unknown): Json => JSON.parse(canonical(witness)) as Json;

/** The exact change, how things stand, and what the declaration wants shown. */
async function changesOf<Client, C extends Command>(
  look: Look<Client, C>,
  found: Found<C>,
  kept: Cells,
): Promise<string[]> {
  const now = Object.keys(kept).length === 0 ? [] : [`now: ${sayCells(kept, Object.keys(kept))}`];
  const { preview } = found.command;
  if (preview === undefined) return [look.act(found), ...now];
  const { columns, rows, more } = await look.answer(found, preview);
  const names = columns.map(({ name }) => name);
  const lines = named({ columns, rows: rows.slice(0, MOST_SHOWN) }).map((cells) => sayCells(cells, names));
  const total = `${rows.length}${more ? " and more" : ""}`;
  const rest = rows.length > MOST_SHOWN || more ? [`… ${total} in all`] : [];
  return [look.act(found), ...now, ...lines.map((line) => clip(line, 300)), ...rest];
}

/** The call that takes it back; `null`: there is none; undefined: there should be one, and it cannot be made. */
function undoOf<Client, C extends Command>(
  look: Look<Client, C>,
  { command, call, values }: Found<C>,
  before: Cells,
): WriteCall | null | undefined {
  const { undo } = command;
  if (undo === undefined || !("command" in undo)) return null;
  const given = filled(undo.params, values, before);
  const back = { command: undo.command, params: { ...look.paramsOf(undo.command, call), ...given } };
  return given === undefined || !look.takes(back)
    ? undefined
    : { ...back, declared: look.digest(undo.command) };
}

/** The call that takes a write back, out of its witness. */
export const undoIn = (witness: Json): WriteCall | undefined =>
  WitnessShape.safeParse(witness).data?.undo ?? undefined;
/** What its probe saw before. */
export const beforeIn = (witness: Json): Cells | undefined => WitnessShape.safeParse(witness).data?.before;
