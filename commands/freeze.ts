import { type Command, DiagError } from "../src/sdk/index.ts";
import { durationOf, LONGEST_FREEZE_MS, leadingDuration } from "./words.ts";

/**
 * `/diag freeze [system] [duration] [reason]`: no write begins anywhere, or on that system, until `unfreeze` or the time is over
 * (30 d at most). A first word that is a system of diagbot.yaml is one.
 */
export const freeze: Command = {
  name: "freeze",
  usage: "freeze [system] [duration] [reason]",
  summary: "let no remedy begin anywhere (or on one system), e.g. `/diag freeze 1h30m release under way`",
  plan: (typed, _caller, { systems } = { systems: [], alerting: [] }) => {
    const [first = ""] = typed;
    const of = systems.includes(first) ? { system: first } : {};
    const words = "system" in of ? typed.slice(1) : typed;
    const rest = /^for$/i.test(words[0] ?? "") ? words.slice(1) : words;
    const [forMs, taken] = leadingDuration(rest);
    const reason = rest.slice(taken).join(" ") || "no reason given";
    if (forMs === undefined) {
      mustBeEndless(rest.length === words.length ? rest : ["", ...rest]);
      return { do: "freeze", reason, ...of };
    }
    if (forMs <= 0 || forMs > LONGEST_FREEZE_MS)
      throw new DiagError("usage", "a freeze lasts between 1s and 30d", {
        hint: "leave the duration out to freeze until `/diag unfreeze`",
      });
    return { do: "freeze", forMs, reason, ...of };
  },
};

/** Without a duration remedies stay frozen for ever, so words that look as if they meant one are refused. */
function mustBeEndless(words: readonly string[]): void {
  const odd = words.find(
    (word, at) =>
      (at === 0 && (word === "" || /^(\d|until$|till$|to$)/i.test(word))) ||
      durationOf(word) !== undefined ||
      (/^\d+$/.test(word) && durationOf(`${word} ${words[at + 1] ?? ""}`) !== undefined),
  );
  if (odd === undefined) return;
  throw new DiagError(
    "usage",
    `how long? "${odd === "" ? "for" : odd}" is not understood as a duration there`,
    {
      hint: "begin with it: `/diag freeze 1h30m release` (90s, 30m, 2h, 1d); without one remedies stay frozen until `/diag unfreeze`",
    },
  );
}
