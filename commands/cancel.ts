import { type Command, DiagError } from "../src/sdk/index.ts";
import { runIdOf } from "./words.ts";

/** `/diag cancel <run>`: no further step of the run begins; a write under way is finished and verified. */
export const cancel: Command = {
  name: "cancel",
  usage: "cancel <run>",
  summary: "stop a run; what is under way is finished, nothing new begins",
  plan: ([run, ...more]) => {
    if (run === undefined || more.length > 0)
      throw new DiagError("usage", "cancel needs the number of one run", {
        hint: "type `/diag cancel 42`; `/diag status` shows the numbers",
      });
    return { do: "cancel", run: runIdOf(run) };
  },
};
