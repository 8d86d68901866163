import { type Command, DiagError } from "../src/sdk/index.ts";

/** `/diag pending [system]`: what waits for people. */
export const pending: Command = {
  name: "pending",
  usage: "pending [system]",
  summary: "what waits for an approval or an answer",
  plan: ([system, ...more]) => {
    if (more.length > 0) throw new DiagError("usage", "pending takes one system at most");
    return system === undefined ? { do: "pending" } : { do: "pending", system };
  },
};
