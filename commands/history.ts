import { type Command, DiagError } from "../src/sdk/index.ts";

/** `/diag history <system>`: the newest runs of a system. */
export const history: Command = {
  name: "history",
  usage: "history <system>",
  summary: "the newest runs of a system and what they found",
  plan: ([system, ...more]) => {
    if (system === undefined || more.length > 0)
      throw new DiagError("usage", "history needs one system", { hint: "type `/diag history <system>`" });
    return { do: "history", system };
  },
};
