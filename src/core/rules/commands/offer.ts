import type { Call } from "../../words/action.ts";
import type { Command, Offer } from "../../words/command.ts";
import { canonical, type Json } from "../../words/json.ts";
import type { Risk } from "../../words/risk.ts";
import type { Done } from "../../words/runbook.ts";

/** What a face says of its commands: their names. */
export const COMMANDS_FACT = "commands";
/** Calls that one approval makes at most. */
export const MOST_OFFERED = 10;

/** Values of a command's parameters. */
export type CommandParams = Readonly<Record<string, string | number>>;

/** `scripts.resume-queue` in its two parts. */
export function partsOf(run: string): { readonly connection: string; readonly name: string } {
  const dot = run.indexOf(".");
  return { connection: run.slice(0, dot), name: run.slice(dot + 1) };
}

/** What a remedy says of a declared write, wherever it is offered. */
export const remedyParts = ({ title, risk = "destructive", undo, settled }: Command) => ({
  title,
  risk: risk satisfies Risk,
  undo: undo !== undefined && "none" in undo ? (`none: ${undo.none}` as const) : ("actions" as const),
  within: (settled?.within ?? "30s") as "30s",
});

/** The calls of a declared write, one for each of these parameters, each once; all of them, however many are offered at once. */
export function callsOf(
  run: string,
  { kind, declared }: Offer,
  all: readonly CommandParams[],
): readonly Call[] {
  const { connection, name } = partsOf(run);
  const made = new Map<string, Call>();
  for (const params of all) {
    const input: Json = { command: name, params, declared };
    made.set(canonical(input), { action: `${kind}.run`, on: connection, input });
  }
  return [...made.values()];
}

/** It has helped: nothing of what was done would be planned once more, in whatever order. `planned`: all calls, not only those that are offered at once. */
export function isSettled(done: readonly Done[], planned: readonly Call[]): boolean {
  const still = planned.map(({ input }) => canonical(input));
  return !done.some(({ input }) => still.includes(canonical(input as Json)));
}
