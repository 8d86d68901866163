import type { Command } from "../src/sdk/index.ts";

/** `/diag storm [words]`: the alert groups of the newest storms that all of the words fit. */
export const storm: Command = {
  name: "storm",
  usage: "storm [words]",
  summary: "the alert groups of the newest storms; words (system, severity, label=value, firing) find some",
  plan: (words) => ({ do: "storm", words }),
};
