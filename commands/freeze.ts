import { type Command, DiagError, parseDuration } from "../src/sdk.ts";

const LONGEST_MS = 30 * 24 * 3_600_000;

/** `/diag freeze [duration] [reason]`: no write begins anywhere until `unfreeze` or the time is over (30 d at most). */
export const freeze: Command = {
  name: "freeze",
  usage: "freeze [duration] [reason]",
  summary: "let no remedy begin anywhere, e.g. `freeze 2h release under way`",
  plan: (words) => {
    const forMs = parseDuration(words[0] ?? "");
    const reason = words.slice(forMs === undefined ? 0 : 1).join(" ") || "no reason given";
    if (forMs === undefined) return { do: "freeze", reason };
    if (forMs <= 0 || forMs > LONGEST_MS)
      throw new DiagError("usage", "a freeze lasts between 1s and 30d", {
        hint: "leave the duration out to freeze until `/diag unfreeze`",
      });
    return { do: "freeze", forMs, reason };
  },
};
