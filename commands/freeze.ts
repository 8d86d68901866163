import { type Command, DiagError, parseDuration } from "../src/sdk/index.ts";

const LONGEST_MS = 30 * 24 * 3_600_000;

/** `30 minutes`, `2hours`, `90 sec`: written out, with or without a space. */
const WRITTEN_OUT = /^(\d+(?:\.\d+)?) ?(d|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?)[,:]?$/i;

/** `/diag freeze [duration] [reason]`: no write begins anywhere until `unfreeze` or the time is over (30 d at most). */
export const freeze: Command = {
  name: "freeze",
  usage: "freeze [duration] [reason]",
  summary: "let no remedy begin anywhere, e.g. `/diag freeze 1h30m release under way`",
  plan: (words) => {
    const rest = /^for$/i.test(words[0] ?? "") ? words.slice(1) : words;
    const [forMs, taken] = leadingDuration(rest);
    const reason = rest.slice(taken).join(" ") || "no reason given";
    if (forMs === undefined) {
      mustBeEndless(rest.length === words.length ? rest : ["", ...rest]);
      return { do: "freeze", reason };
    }
    if (forMs <= 0 || forMs > LONGEST_MS)
      throw new DiagError("usage", "a freeze lasts between 1s and 30d", {
        hint: "leave the duration out to freeze until `/diag unfreeze`",
      });
    return { do: "freeze", forMs, reason };
  },
};

/** The time at the beginning and how many words it takes: `2h`, `1h30m`, `2 hours`, `1 hour 30 min`. */
function leadingDuration(words: readonly string[]): [number | undefined, number] {
  let total: number | undefined;
  let taken = 0;
  for (;;) {
    const [one = "", two = ""] = words.slice(taken);
    const single = durationOf(one);
    const pair = single === undefined && /^\d/.test(one) ? durationOf(`${one} ${two}`) : undefined;
    const part = single ?? pair;
    if (part === undefined) return [total, taken];
    total = (total ?? 0) + part;
    taken += single === undefined ? 2 : 1;
  }
}

function durationOf(words: string): number | undefined {
  const short = parseDuration(words.toLowerCase().replace(/[,:]$/, ""));
  if (short !== undefined) return short;
  const [, figure, unit] = WRITTEN_OUT.exec(words) ?? [];
  return unit === undefined ? undefined : parseDuration(`${figure}${unit.charAt(0).toLowerCase()}`);
}

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
