import { type Command, DiagError } from "../src/sdk/index.ts";
import { runIdOf } from "./words.ts";

/** `/diag cancel <run> [all]`: no further step of the run, or of all runs of its thread, begins; a write under way is finished and verified. */
export const cancel: Command = {
  name: "cancel",
  usage: "cancel <run> [all]",
  summary: "stop a run, or all runs of its thread; what is under way is finished, nothing new begins",
  plan: ([run, word, ...more]) => {
    const isAll = word?.toLowerCase() === "all";
    if (run === undefined || more.length > 0 || (word !== undefined && !isAll))
      throw new DiagError("usage", "cancel needs the number of one run", {
        hint: "type `/diag cancel 42`; `/diag status` shows the numbers",
      });
    return { do: "cancel", run: runIdOf(run), ...(isAll ? { all: true } : {}) };
  },
};
