import { fillText } from "../../core/rules/commands/templates.ts";
import { shellWord } from "../../core/rules/paste.ts";
import type { ActionContext } from "../../core/words/action.ts";
import type { Commands, Values } from "../../core/words/command.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import type { Machine, Ran } from "../machine/machine.ts";
import { openMachine } from "../machine/reach.ts";
import type { ExecCommand, ExecSettings } from "./settings.ts";

/** A machine and the scripts on it that diagbot may run. */
export interface ExecClient {
  readonly machine: Machine;
  readonly commands: Commands<ExecCommand>;
}

/** Opens lazily: SSH is dialled at the first command. */
export const openExec = (settings: ExecSettings): ExecClient => ({
  machine: openMachine(settings),
  commands: settings.commands,
});

const MOST_BYTES = 1_000_000;
// The folder comes as an argument, never as text of the script.
const IN_FOLDER = 'cd -- "$1" || exit 126; shift; exec "$@"';

/** The words a command is run with: its argv with the parameters filled in, in its folder, as its user. */
export function argvOf({ argv, user, workingDirectory }: ExecCommand, values: Values): string[] {
  const words = argv.map((word) => fillText(word, values));
  const asUser = user === undefined ? words : ["sudo", "-n", "-u", user, "--", ...words];
  return workingDirectory === undefined
    ? asUser
    : ["sh", "-c", IN_FOLDER, "diagbot", workingDirectory, ...asUser];
}

/** What people are shown of it: one line that could be pasted. */
export function sayRun({ machine }: ExecClient, command: ExecCommand, values: Values): string {
  const words = command.argv.map((word) => fillText(word, values)).map(shellWord);
  const where = command.workingDirectory === undefined ? "" : ` in ${command.workingDirectory}`;
  const who = command.user === undefined ? "" : ` as ${command.user}`;
  return `run ${words.join(" ")} on ${machine.label}${where}${who}`;
}

/** How it ended, with its exit code. Throws what its declaration says of the code, or `target_error`. */
export async function runCommand(
  { machine }: ExecClient,
  command: ExecCommand,
  values: Values,
  context: Pick<ActionContext, "signal" | "timeoutMs">,
): Promise<Ran & { readonly code: number }> {
  const [program = ""] = command.argv;
  const timeoutMs = Math.min(command.timeoutSeconds * 1000, context.timeoutMs);
  const ran = await machine.run(argvOf(command, values), {
    signal: context.signal,
    timeoutMs,
    maxBytes: MOST_BYTES,
  });
  const { code, cut } = ran;
  if (cut) throw new DiagError("output_too_large", `${program} on ${machine.label} wrote too much`);
  if (code === null)
    throw new DiagError("target_error", `${program} on ${machine.label} was ended by a signal`);
  const refusal = command.refuses[code];
  if (refusal !== undefined)
    throw new DiagError("target_refused", `${refusal} (exit ${code})`, { detail: `exit ${code}` });
  const meaning = command.exitCodes[code];
  if (meaning === "ok") return { ...ran, code };
  throw new DiagError("target_error", `${program}: ${meaning ?? lastWords(command, ran)} (exit ${code})`, {
    detail: `exit ${code}`,
  });
}

/** What may hold secrets is not repeated. */
const lastWords = ({ output }: ExecCommand, { stderr, stdout }: Ran): string => {
  if (output === "none") return "it failed; its words are not kept";
  const lines = (text: string) => text.trim().split("\n").at(-1) ?? "";
  return clip(lines(stderr) || lines(stdout) || "it failed without a word", 200);
};
