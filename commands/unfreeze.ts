import { type Command, DiagError } from "../src/sdk.ts";

/** `/diag unfreeze`: remedies may begin again. */
export const unfreeze: Command = {
  name: "unfreeze",
  usage: "unfreeze",
  summary: "let remedies begin again",
  plan: (words) => {
    if (words.length > 0) throw new DiagError("usage", "unfreeze takes no words");
    return { do: "unfreeze" };
  },
};
