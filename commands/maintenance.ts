import { type Command, DiagError } from "../src/sdk/index.ts";
import { LONGEST_FREEZE_MS, leadingDuration } from "./words.ts";

const HINT =
  "`/diag maintenance shop 2h database upgrade`, `/diag maintenance end shop`, `/diag maintenance`";

/**
 * `/diag maintenance <system> <duration> [reason]`: nothing is applied there, and its alerts are shown and nothing more, until the
 * time is over or somebody ends it. Alone: what holds.
 */
export const maintenance: Command = {
  name: "maintenance",
  usage: "maintenance [<system> <duration> [reason] | end <system>]",
  summary: "keep the alerts of a system quiet for a time and apply nothing there; or show what holds",
  plan: ([first, ...rest]) => {
    if (first === undefined) return { do: "freezes" };
    if (first.toLowerCase() === "end") {
      const [system, ...more] = rest;
      if (system === undefined || more.length > 0)
        throw new DiagError("usage", "maintenance end needs one system", { hint: HINT });
      return { do: "unfreeze", sure: true, system };
    }
    const words = /^for$/i.test(rest[0] ?? "") ? rest.slice(1) : rest;
    const [forMs, taken] = leadingDuration(words);
    if (forMs === undefined || forMs <= 0 || forMs > LONGEST_FREEZE_MS)
      throw new DiagError("usage", "how long? a maintenance lasts between 1s and 30d", { hint: HINT });
    const reason = words.slice(taken).join(" ") || "no reason given";
    return { do: "freeze", system: first, quiet: true, forMs, reason };
  },
};
