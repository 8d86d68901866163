import type { Command } from "commander";
import { ask, cancel } from "./ask.ts";
import { type Act, JSON_FLAG } from "./typed.ts";

/** What `/diag` has, too: the words are the same and go through the same door. */
export function addShared(program: Command, act: Act): void {
  const shared: Shared = (name, description, argument, about) => {
    const command = program.command(name).description(description);
    if (argument !== undefined) command.argument(argument, about);
    return command.option(...JSON_FLAG);
  };
  const say: Say = (name) => (typed, options) =>
    act((deps, io) =>
      ask(deps, io, { command: name, words: typed === undefined ? [] : [typed].flat() }, options.json),
    );
  shared("list", "the systems, or the runbooks of one system", "[system]").action(say("list"));
  shared("history", "the newest runs of a system and what they found", "<system>").action(say("history"));
  shared("changes", "what was deployed, switched or migrated on a system in the last day", "<system>").action(
    say("changes"),
  );
  shared("pending", "what waits for an approval or an answer, the first to lapse first", "[system]").action(
    say("pending"),
  );
  shared("storm", "the alert groups of the newest storms; words find some", "[words...]").action(
    say("storm"),
  );
  shared("open", "give an alert group of a storm a thread of its own", "<incident>").action(say("open"));
  shared(
    "ack",
    "say that you look after an incident; nobody further is told of it",
    "<incident and words...>",
    "its number, or the link to a message of its thread; words are shown in the thread",
  ).action(say("ack"));
  shared(
    "checklist",
    "open a checklist of diagbot.yaml in the thread of an incident",
    "<id and incident...>",
    "e.g. triage 12",
  ).action(say("checklist"));
  shared(
    "tick",
    "say that an item of a checklist is done, or open again",
    "<incident, checklist and item...>",
    "e.g. 12 triage 3; with `open` at the end it is taken back",
  ).action(say("tick"));
  shared(
    "postmortem",
    "print the record of an incident as Markdown",
    "<incident>",
    "its number, or the link to a message of its thread",
  ).action(say("postmortem"));
  shared("cancel", "stop a run; what is under way is finished, nothing new begins", "<run>", "its number")
    .option("--all", "every run of its thread", false)
    .action((run: string, options: { json: boolean; all: boolean }) =>
      act((deps, io) => cancel(deps, io, run, options)),
    );
  addStops(shared, say, act);
}

type Shared = (name: string, description: string, argument?: string, about?: string) => Command;
type Typed = string | string[] | undefined;
type Say = (name: string) => (typed: Typed, options: { json: boolean }) => Promise<void>;

/** What keeps remedies from beginning. */
function addStops(shared: Shared, say: Say, act: Act): void {
  shared(
    "freeze",
    "let no remedy begin anywhere, or on one system; for people of diagbot.yaml",
    "[system, duration and reason...]",
    "e.g. 1h30m release under way, or shop 1h release; without a duration until unfreeze",
  ).action(say("freeze"));
  shared(
    "auto",
    "what may be applied without a person; on or off for a system, or stopped for a run",
    "[words...]",
    "a system; on <system>; off <system> and a reason; stop <run>",
  ).action(say("auto"));
  shared(
    "maintenance",
    "keep the alerts of a system quiet for a time and apply nothing there; alone: what holds",
    "[words...]",
    "<system> <duration> and a reason; end <system>",
  ).action(say("maintenance"));
  shared(
    "unfreeze",
    "let remedies begin again; needs a role, says what it sets off",
    "[system]",
    "default: everywhere",
  )
    .option("--yes", "also when the freeze is old: somebody else may have forgotten it", false)
    .action((system: string | undefined, { json, yes }: { json: boolean; yes: boolean }) =>
      act((deps, io) => {
        const words = [...(system === undefined ? [] : [system]), ...(yes ? ["yes"] : [])];
        return ask(deps, io, { command: "unfreeze", words }, json);
      }),
    );
}
