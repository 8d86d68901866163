import { DiagError, toDiagError } from "../../core/words/errors.ts";
import { commandActions } from "../commands/actions.ts";
import type { Runner } from "../commands/runner.ts";
import { type ExecClient, runCommand, sayRun } from "./client.ts";
import { readOutput } from "./output.ts";
import type { ExecCommand } from "./settings.ts";

export { programs } from "./programs.ts";

const runner: Runner<ExecClient, ExecCommand> = {
  commands: ({ commands }) => commands,
  ask: async (client, command, values, context) => {
    const { stdout, code } = await runCommand(client, command, values, context);
    return readOutput(command, stdout, code);
  },
  send: async (client, command, values, context) => {
    try {
      const { stdout, code } = await runCommand(client, command, values, context);
      return { code, ...answerOf(command, stdout, code) };
    } catch (thrown) {
      const error = toDiagError(thrown, "target_error");
      // The system says that it never began.
      if (error.code === "target_error" && ["ENOENT", "EACCES"].includes(error.detail ?? ""))
        throw new DiagError("target_refused", `${error.message}: nothing was done`, { cause: thrown });
      throw error;
    }
  },
  act: sayRun,
};

/** It has been done: an answer that cannot be read is no reason to say otherwise. */
function answerOf(command: ExecCommand, stdout: string, code: number) {
  if (command.columns === undefined && command.pattern === undefined) return {};
  try {
    return { answer: readOutput(command, stdout, code) };
  } catch {
    return {};
  }
}

/**
 * Scripts of diagbot.yaml on a machine: `exec.ask`, `exec.run` and what shows its effect. Fixed words, typed parameters, no shell.
 * The house scripts of sergas-agents and sergas-accounts (trap house-scripts).
 */
export const { ask, state, settled, run } = commandActions("exec", runner);
