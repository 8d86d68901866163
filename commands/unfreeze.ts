import { type Command, DiagError } from "../src/sdk/index.ts";

/**
 * `/diag unfreeze [system] [yes]`: remedies may begin again, everywhere or on that system; after a long freeze it is asked once
 * more, and `yes` is the answer.
 */
export const unfreeze: Command = {
  name: "unfreeze",
  usage: "unfreeze [system]",
  summary: "let remedies begin again; says what that sets off",
  plan: (typed, _caller, { systems } = { systems: [], alerting: [] }) => {
    const [first = ""] = typed;
    const of = systems.includes(first) ? { system: first } : {};
    const [word, ...more] = "system" in of ? typed.slice(1) : typed;
    if (more.length > 0 || (word !== undefined && word.toLowerCase() !== "yes"))
      throw new DiagError("usage", "unfreeze takes no words but a system and `yes`", {
        hint: "type `/diag unfreeze`, or `/diag unfreeze shop`",
      });
    return { do: "unfreeze", sure: word !== undefined, ...of };
  },
};
