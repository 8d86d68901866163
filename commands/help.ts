import { type Command, DiagError } from "../src/sdk/index.ts";

/** `/diag help [topic]`: all subcommands, or one subcommand or runbook explained. */
export const help: Command = {
  name: "help",
  usage: "help [command or runbook]",
  summary: "what can be asked, or one command or runbook explained",
  plan: ([topic, ...more]) => {
    if (more.length > 0) throw new DiagError("usage", "help takes one topic at most");
    return topic === undefined ? { do: "help" } : { do: "help", topic };
  },
};
