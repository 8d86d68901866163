import { type Command, DiagError } from "../src/sdk/index.ts";

/** `/diag unfreeze [yes]`: remedies may begin again; after a long freeze it is asked once more, and `yes` is the answer. */
export const unfreeze: Command = {
  name: "unfreeze",
  usage: "unfreeze",
  summary: "let remedies begin again; says what that sets off",
  plan: ([word, ...more]) => {
    if (more.length > 0 || (word !== undefined && word.toLowerCase() !== "yes"))
      throw new DiagError("usage", "unfreeze takes no words but `yes`", { hint: "type `/diag unfreeze`" });
    return { do: "unfreeze", sure: word !== undefined };
  },
};
