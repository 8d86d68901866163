import { type Command, DiagError } from "../src/sdk/index.ts";

/** `/diag` alone: opens the form. */
export const form: Command = {
  name: "form",
  usage: "",
  summary: "open a form: system, runbook, parameters",
  plan: (words) => {
    if (words.length === 0) return { do: "form" };
    throw new DiagError("usage", "the form takes no words", { hint: "type `/diag` alone" });
  },
};
