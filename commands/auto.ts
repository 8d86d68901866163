import { type Command, DiagError } from "../src/sdk/index.ts";
import { runIdOf } from "./words.ts";

const HINT = "`/diag auto shop`, `/diag auto off shop release`, `/diag auto on shop`, `/diag auto stop 42`";

/** `/diag auto [system]`, `on|off <system> [reason]`, `stop <run>`: what is applied without a person, and how to stop that. */
export const auto: Command = {
  name: "auto",
  usage: "auto [system] | on <system> | off <system> [reason] | stop <run>",
  summary: "show what may be applied without a person; turn that off or on, or stop it for one run",
  plan: ([first, second, ...more]) => {
    const word = first?.toLowerCase();
    if (word === "on" || word === "off") {
      if (second === undefined) throw new DiagError("usage", `auto ${word} needs a system`, { hint: HINT });
      return {
        do: "set-auto",
        system: second,
        on: word === "on",
        reason: more.join(" ") || "no reason given",
      };
    }
    if (word === "stop") {
      if (second === undefined || more.length > 0)
        throw new DiagError("usage", "auto stop needs the number of one run", { hint: HINT });
      return { do: "stop-auto", run: runIdOf(second) };
    }
    if (second !== undefined) throw new DiagError("usage", "auto takes one system", { hint: HINT });
    return { do: "auto", ...(first === undefined ? {} : { system: first }) };
  },
};
