import { type Command, DiagError } from "../src/sdk/index.ts";

/**
 * `/diag guide [item] [system]`: what the guide treats, or one item of it asked as one thing. The door knows items and systems, so
 * the words are handed on as they are.
 */
export const guide: Command = {
  name: "guide",
  usage: "guide [item] [system]",
  summary: "the items of the guide, or everything that treats one of them, started in one thread",
  plan: (words) => {
    const stray = words.find((word) => word.includes("="));
    if (stray === undefined) return { do: "guide", words };
    throw new DiagError("usage", `guide takes no parameters, got "${stray}"`, {
      hint: "ask for the runbook itself: `/diag <system> <runbook> key=value`",
    });
  },
};
