import { type Command, DiagError } from "../src/sdk/index.ts";

/** `/diag list [system]`: the systems, or the runbooks one system can run. */
export const list: Command = {
  name: "list",
  usage: "list [system]",
  summary: "the systems, or the runbooks of one system",
  plan: ([system, ...more]) => {
    if (more.length > 0) throw new DiagError("usage", "list takes one system at most");
    return system === undefined ? { do: "list" } : { do: "list", system };
  },
};
