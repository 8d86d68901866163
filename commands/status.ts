import { type Command, DiagError } from "../src/sdk/index.ts";
import { runIdOf } from "./words.ts";

/** `/diag status [run]`: one run, or the newest runs of all systems. */
export const status: Command = {
  name: "status",
  usage: "status [run]",
  summary: "where a run stands, or the newest runs",
  plan: ([run, ...more]) => {
    if (more.length > 0) throw new DiagError("usage", "status takes one run at most");
    return run === undefined ? { do: "status" } : { do: "status", run: runIdOf(run) };
  },
};
