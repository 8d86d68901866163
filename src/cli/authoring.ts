import { type Command, Option } from "commander";
import { FIRST_KINDS, type FirstKind } from "./first-runbook.ts";
import { makeNew, NEW, type New } from "./new.ts";
import { type RecordOptions, record, test } from "./recordings.ts";
import { type Act, collect, JSON_FLAG } from "./typed.ts";

/** Commands for those who write runbooks. */
export function addAuthoring(program: Command, act: Act): void {
  program
    .command("record")
    .description("diagnose, and write what was seen to a file that `test` replays; offers nothing")
    .argument("<runbook>", "or the number of a run that has been: what it saw")
    .option("--system <system>", "a system of diagbot.yaml")
    .option("--param <name=value>", "a parameter of the runbook; may be repeated", collect, [])
    .option("--out <file>", "default: recordings/<runbook>/<what was found>.yaml beside diagbot.yaml")
    .option("--situation <words>", "what is the matter, for those who read the recording")
    .option(...JSON_FLAG)
    .action((what: string, options: RecordOptions) => act((deps, io) => record(deps, io, what, options)));
  const fresh = program
    .command("new")
    .description(
      "write a runbook, check or connector that passes at once, with its recording and test; says what is left to do",
    );
  for (const what of NEW) {
    const one = fresh
      .command(what)
      .argument(
        "<id>",
        what === "connector"
          ? "lower-case letters and digits, e.g. rabbitmq"
          : "lower-case words joined by -, e.g. orders-stuck",
      )
      .description(ABOUT_NEW[what])
      .option(...JSON_FLAG)
      .action((id: string, { json, on }: { json: boolean; on?: FirstKind }) =>
        act((deps, io) => makeNew(deps, io, { what, id, on }, { folder: deps.cwd(), json })),
      );
    if (what === "runbook")
      one.addOption(
        new Option("--on <kind>", "default: the first of them that diagbot.yaml has, else http").choices(
          FIRST_KINDS,
        ),
      );
  }
  program
    .command("test")
    .description("replay recordings without any service; exits 0 same, 1 changed, 2 could not be replayed")
    .argument("[pattern...]", "part of a recording's path, * for anything; default: all")
    .option("--update", "write what is concluded now into the recordings", false)
    .option(...JSON_FLAG)
    .action((patterns: string[], options: { update: boolean; json: boolean }) =>
      act((deps, io) => test(deps, io, patterns, options)),
    );
}

const ABOUT_NEW: Readonly<Record<New, string>> = {
  runbook: "a runbook: below runbooks/ here; in a checkout of diagbot one of its own",
  check: "a check (YAML): below checks/ here",
  connector:
    "a kind of connection: below runbooks/ here, with a test that holds it to the contract; in a checkout of diagbot one of its own",
};
