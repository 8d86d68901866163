import { type Command, DiagError, parseDuration } from "../src/sdk.ts";

const LONGEST_MS = 30 * 24 * 3_600_000;

/** `1x`, `2hours`, `30`: meant as a duration; taken as a reason it would freeze for ever. */
const LIKE_A_DURATION = /^\d+(\.\d+)?[a-z]*$/i;

/** `/diag freeze [duration] [reason]`: no write begins anywhere until `unfreeze` or the time is over (30 d at most). */
export const freeze: Command = {
  name: "freeze",
  usage: "freeze [duration] [reason]",
  summary: "let no remedy begin anywhere, e.g. `/diag freeze 2h release under way`",
  plan: (words) => {
    const forMs = parseDuration(words[0] ?? "");
    const reason = words.slice(forMs === undefined ? 0 : 1).join(" ") || "no reason given";
    if (forMs === undefined && LIKE_A_DURATION.test(words[0] ?? ""))
      throw new DiagError("usage", `"${words[0]}" is not a duration`, {
        hint: "write it as 90s, 30m, 2h or 1d; without one remedies stay frozen until `/diag unfreeze`",
      });
    if (forMs === undefined) return { do: "freeze", reason };
    if (forMs <= 0 || forMs > LONGEST_MS)
      throw new DiagError("usage", "a freeze lasts between 1s and 30d", {
        hint: "leave the duration out to freeze until `/diag unfreeze`",
      });
    return { do: "freeze", forMs, reason };
  },
};
