import { type Command, DiagError, type Known } from "../src/sdk/index.ts";
import { leadingDuration } from "./words.ts";

const HINT =
  "`/diag silence HighErrorRate 2h waiting for the provider`, `/diag silence shop 30m migration`, `/diag silence shop`, `/diag silence end <id>`";
const MINUTE_MS = 60_000;
const LEAST_MS = 5 * MINUTE_MS;
const MOST_MS = 24 * 60 * MINUTE_MS;
const RUNBOOK = "alerting";
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * `/diag silence [system] [alert] <time> <reason>`: asks for a silence in Alertmanager, which waits for its approval like any write.
 * Without an alert: all that fire on that system. `/diag silence [system]` lists those that hold, `/diag silence end <id>` ends one.
 */
export const silence: Command = {
  name: "silence",
  usage: "silence [system] [alert] <time> <reason> | silence [system] | silence end <id> [system]",
  summary: "ask for alerts to be silenced for a time, by approval; or list silences, or end one",
  plan: (typed, _caller, known = { systems: [], alerting: [] }) => {
    const [first = "", ...rest] = typed;
    if (typed.length === 0) return run(theOne(known), { show: "true" });
    if (first.toLowerCase() === "end") return ending(rest, known);
    if (first.toLowerCase() === "list" && rest.length < 2)
      return run(rest[0] ?? theOne(known), { show: "true" });
    const isSystem = known.systems.includes(first);
    const system = isSystem ? first : theOne(known);
    const words = isSystem ? rest : typed;
    if (words.length === 0) return run(system, { show: "true" });
    const [atOnce] = leadingDuration(withoutFor(words));
    if (atOnce !== undefined) {
      if (!isSystem) throw new DiagError("usage", "what shall be silenced?", { hint: HINT });
      return run(system, { all: "true", ...lasting(words) });
    }
    const [alert = "", ...after] = words;
    return run(system, { silence: alert, ...lasting(after) });
  },
};

const run = (system: string, params: Readonly<Record<string, string>>) =>
  ({ do: "run", system, runbook: RUNBOOK, params }) as const;

/** The only system with an Alertmanager. Throws `usage` where there are several, or none is known. */
function theOne({ alerting }: Known): string {
  const [one, other] = alerting;
  if (one !== undefined && other === undefined) return one;
  throw new DiagError(
    "usage",
    one === undefined
      ? "no system of diagbot.yaml has an Alertmanager: there is nothing to silence it by"
      : `which system? ${alerting.slice(0, 10).join(", ")} each have an Alertmanager`,
    {
      hint:
        one === undefined
          ? "a connection of `kind: alertmanager` is one"
          : `name it first: \`/diag silence ${one} …\``,
    },
  );
}

function ending([id = "", ...more]: readonly string[], known: Known) {
  const [system, ...others] = more;
  if (!ID.test(id) || others.length > 0)
    throw new DiagError("usage", "end needs the id of a silence", {
      hint: "`/diag silence` lists them with their ids",
    });
  return run(system ?? theOne(known), { expire: id });
}

const withoutFor = (words: readonly string[]): readonly string[] =>
  /^for$/i.test(words[0] ?? "") ? words.slice(1) : words;

/** The word that stands where a time has to: a system whose name is misspelt, say, was taken for the alert. */
const sayWord = (forMs: number | undefined, [word]: readonly string[]): string =>
  forMs !== undefined || word === undefined ? "" : `, and "${word.slice(0, 60)}" is no time`;

/** Time and reason of a silence. Throws `usage` where one of them is missing: a silence without either is forgotten. */
function lasting(typed: readonly string[]): Record<string, string> {
  const words = withoutFor(typed);
  const [forMs, taken] = leadingDuration(words);
  if (forMs === undefined || forMs < LEAST_MS || forMs > MOST_MS)
    throw new DiagError("usage", `how long? a silence lasts between 5m and 24h${sayWord(forMs, words)}`, {
      hint: HINT,
    });
  const reason = words.slice(taken).join(" ").trim();
  if (reason === "")
    throw new DiagError("usage", "why? a silence needs a reason: it is what others read of it", {
      hint: HINT,
    });
  return { minutes: String(Math.round(forMs / MINUTE_MS)), reason: reason.slice(0, 200) };
}
