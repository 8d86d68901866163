import type { Caller } from "../core/words/caller.ts";
import { DiagError } from "../core/words/errors.ts";
import type { Command, Intent, Known } from "../core/words/intent.ts";
import { splitWords } from "./words.ts";

/**
 * What was typed after `/diag` as an intent. Nothing typed is the form; a first word that is no subcommand is a system.
 * Throws `usage` with a sentence that helps.
 */
export function parse(commands: readonly Command[], text: string, caller: Caller, known?: Known): Intent {
  const words = splitWords(text);
  const [first] = words;
  if (first === undefined) return commandNamed(commands, "form").plan([], caller, known);
  const named = commands.find((command) => command.name === first.toLowerCase());
  return named === undefined
    ? commandNamed(commands, "run").plan(words, caller, known)
    : named.plan(words.slice(1), caller, known);
}

function commandNamed(commands: readonly Command[], name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) throw new DiagError("unknown_command", `there is no command "${name}"`);
  return command;
}
