import { Command, Option } from "commander";
import { ANSWERS } from "../core/words/answer.ts";
import { ask, cancel } from "./ask.ts";
import { check } from "./check.ts";
import { auditVerify, doctor, migrate } from "./chores.ts";
import type { CliDeps, CliIo, ServeRole } from "./deps.ts";
import { EXIT } from "./exit.ts";
import { makeNew, NEW, type New } from "./new.ts";
import { lockPacks, packs } from "./packs.ts";
import { type RecordOptions, record, test } from "./recordings.ts";
import { replay } from "./replay.ts";
import { type RunOptions, run, status } from "./run.ts";
import { runbooks } from "./runbooks.ts";
import { answer, type VoteOptions, vote } from "./vote.ts";

/** Runs what a command does, once the product is loaded. */
export type Act = (work: (deps: CliDeps, io: CliIo) => number | Promise<number>) => Promise<void>;

/** Where the words of the command line itself (help, complaints about what was typed) go. */
interface Spoken {
  readonly version: string;
  readonly width: number | undefined;
  readonly say: (stream: "stdout" | "stderr", text: string) => void;
}

/** Every command with its words. */
export function commandLine(act: Act, { version, width, say }: Spoken): Command {
  const program = new Command("diagbot")
    .description("runs troubleshooting guides: diagnoses systems, and applies remedies that people approve")
    .version(version)
    .exitOverride()
    .showHelpAfterError("(diagbot --help lists the commands)")
    .configureOutput({
      writeOut: (text) => say("stdout", text),
      writeErr: (text) => say("stderr", text),
      getOutHelpWidth: () => width ?? 100,
    })
    .enablePositionalOptions();
  addService(program, act);
  addRuns(program, act);
  addVotes(program, act);
  addShared(program, act);
  addChecks(program, act);
  addAuthoring(program, act);
  return program;
}

const JSON_FLAG = ["--json", "print one JSON document on stdout and nothing else", false] as const;

function addService(program: Command, act: Act): void {
  program
    .command("serve")
    .description("answer Slack and Alertmanager, and work runs, until told to stop")
    .addOption(roleOption("what this process does"))
    .action((options: { role: ServeRole }) =>
      act(async (deps) => {
        await deps.serve(options.role);
        return EXIT.ok;
      }),
    );
  program
    .command("migrate")
    .description("make or update the tables in DATABASE_URL")
    .option(...JSON_FLAG)
    .action((options: { json: boolean }) => act((deps, io) => migrate(deps, io, options.json)));
  program
    .command("close")
    .description("end an incident whose alert ended unheard; what waits is looked at again")
    .argument("<incident>", "its number, or the link to a message of its thread")
    .argument("[reason...]", "shown in the thread and kept in the audit record")
    .option(...JSON_FLAG)
    .action((incident: string, reason: string[], { json }: { json: boolean }) =>
      act(async (deps, io) => {
        const told = await deps.closeIncident({ incident, reason: reason.join(" ") });
        io.stdout(`${json ? JSON.stringify({ told }) : told}\n`);
        return EXIT.ok;
      }),
    );
  program
    .command("audit")
    .description("the record of what was decided and done")
    .command("verify")
    .description("check that no row of it was changed or removed")
    .option("--checkpoints <file>", "signed heads of the chain, kept outside the database")
    .option(...JSON_FLAG)
    .action((options: { json: boolean; checkpoints?: string }) =>
      act((deps, io) => auditVerify(deps, io, options.json, options.checkpoints)),
    );
}

function addRuns(program: Command, act: Act): void {
  program
    .command("runbooks")
    .description("list the runbooks of diagbot and of diagbot.yaml")
    .option(...JSON_FLAG)
    .action(({ json }: { json: boolean }) => act((deps, io) => runbooks(deps, io, json)));
  const ofPacks = program
    .command("packs")
    .description("the packs of diagbot.yaml: their runbooks, and what pins them")
    .option(...JSON_FLAG)
    .action(({ json }: { json: boolean }) => act((deps, io) => packs(deps, io, json)));
  ofPacks
    .command("lock")
    .description("pin every pack as it is now, in diagbot.lock; runs none of their code")
    .option(...JSON_FLAG)
    .action((options: { json: boolean }) => act((deps, io) => lockPacks(deps, io, options.json)));
  program
    .command("run")
    .description("run a runbook on a system; exits 0 healthy, 1 findings, 2 errored or refused")
    .argument("<runbook>")
    .requiredOption("--system <system>", "a system of diagbot.yaml")
    .option("--param <name=value>", "a parameter of the runbook; may be repeated", collect, [])
    .option("--dry-run", "diagnose and plan, but offer nothing for approval", false)
    .option("--no-wait", "return at once with the run's number")
    .option(...JSON_FLAG)
    .action((runbook: string, options: RunOptions) => act((deps, io) => run(deps, io, runbook, options)));
  program
    .command("status")
    .description("show a run")
    .argument("<run>", "its number")
    .option(...JSON_FLAG)
    .action((id: string, options: { json: boolean }) =>
      act((deps, io) => status(deps, io, id, options.json)),
    );
}

function addVotes(program: Command, act: Act): void {
  const deciding = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .argument("<run>", "its number")
      .argument("<remedy>")
      .option("--as <person>", "your own name under `people` in diagbot.yaml; it is known from your account")
      .option("--on-behalf <person>", "noted with your vote, which stays your own; needs a reason")
      .option("--reason <reason>", "shown in the thread and kept in the audit record")
      .option(...JSON_FLAG);
  deciding("approve", "approve a remedy that waits for it")
    .option(
      "--break-glass",
      "approve alone in an emergency; the policy must allow it, a reason is needed",
      false,
    )
    .action((id: string, remedy: string, options: VoteOptions) =>
      act((deps, io) => vote(deps, io, "approve", { run: id, remedy }, options)),
    );
  deciding("deny", "deny a remedy that waits for approval").action(
    (id: string, remedy: string, options: VoteOptions) =>
      act((deps, io) => vote(deps, io, "deny", { run: id, remedy }, options)),
  );
  deciding("answer", "say what became of a remedy whose outcome is unknown, or what to do with one in force")
    .argument("<answer>", ANSWERS.join(", "))
    .action((id: string, remedy: string, word: string, options: VoteOptions) =>
      act((deps, io) => answer(deps, io, word, { run: id, remedy }, options)),
    );
}

/** What `/diag` has, too: the words are the same and go through the same door. */
function addShared(program: Command, act: Act): void {
  const shared = (name: string, description: string, argument?: string, about?: string) => {
    const command = program.command(name).description(description);
    if (argument !== undefined) command.argument(argument, about);
    return command.option(...JSON_FLAG);
  };
  type Typed = string | string[] | undefined;
  const say = (name: string) => (typed: Typed, options: { json: boolean }) =>
    act((deps, io) =>
      ask(deps, io, { command: name, words: typed === undefined ? [] : [typed].flat() }, options.json),
    );
  shared("list", "the systems, or the runbooks of one system", "[system]").action(say("list"));
  shared("history", "the newest runs of a system and what they found", "<system>").action(say("history"));
  shared("pending", "what waits for an approval or an answer, what lapses first first", "[system]").action(
    say("pending"),
  );
  shared("storm", "the alert groups of the newest storms; words find some", "[words...]").action(
    say("storm"),
  );
  shared("open", "give an alert group of a storm a thread of its own", "<incident>").action(say("open"));
  shared(
    "cancel",
    "stop a run; what is under way is finished, nothing new begins",
    "<run>",
    "its number",
  ).action((run: string, { json }: { json: boolean }) => act((deps, io) => cancel(deps, io, run, json)));
  shared(
    "freeze",
    "let no remedy begin anywhere; for people of diagbot.yaml",
    "[duration and reason...]",
    "e.g. 1h30m release under way; without a duration until unfreeze",
  ).action(say("freeze"));
  shared("unfreeze", "let remedies begin again; needs a role, says what it sets off")
    .option("--yes", "also when the freeze is old: somebody else may have forgotten it", false)
    .action(({ json, yes }: { json: boolean; yes: boolean }) =>
      act((deps, io) => ask(deps, io, { command: "unfreeze", words: yes ? ["yes"] : [] }, json)),
    );
}

function addChecks(program: Command, act: Act): void {
  program
    .command("check")
    .description("check environment, diagbot.yaml and runbooks; says all complaints at once")
    .option("--runbooks-only", "only the runbooks: needs no configuration", false)
    .option(...JSON_FLAG)
    .action((options: { runbooksOnly: boolean; json: boolean }) =>
      act((deps, io) => check(deps, io, options)),
    );
  program
    .command("doctor")
    .description("say what is missing between this machine, Slack, Postgres, Redis and the systems")
    .addOption(roleOption("what `serve` would do here"))
    .option(...JSON_FLAG)
    .action((options: { json: boolean; role: ServeRole }) => act((deps, io) => doctor(deps, io, options)));
  program
    .command("replay")
    .description("say what an Alertmanager notification would lead to; has no effects")
    .argument("<alert.json>")
    .option(...JSON_FLAG)
    .action((file: string, options: { json: boolean }) =>
      act((deps, io) => replay(deps, io, file, options.json)),
    );
}

/** For those who write runbooks. */
function addAuthoring(program: Command, act: Act): void {
  program
    .command("record")
    .description("diagnose, and write what was seen to a file that `test` replays; offers nothing")
    .argument("<runbook>")
    .requiredOption("--system <system>", "a system of diagbot.yaml")
    .option("--param <name=value>", "a parameter of the runbook; may be repeated", collect, [])
    .option("--out <file>", "default: recordings/<runbook>/<what was found>.yaml beside diagbot.yaml")
    .option("--situation <words>", "what is the matter, for those who read the recording")
    .option(...JSON_FLAG)
    .action((runbook: string, options: RecordOptions) =>
      act((deps, io) => record(deps, io, runbook, options)),
    );
  const fresh = program
    .command("new")
    .description(
      "write a runbook, check or connector that passes at once, with its recording and test; says what is left to do",
    );
  for (const what of NEW)
    fresh
      .command(what)
      .argument(
        "<id>",
        what === "connector"
          ? "lower-case letters and digits, e.g. rabbitmq"
          : "lower-case words joined by -, e.g. orders-stuck",
      )
      .description(ABOUT_NEW[what])
      .option(...JSON_FLAG)
      .action((id: string, { json }: { json: boolean }) =>
        act((deps, io) => makeNew(deps, io, { what, id }, { folder: deps.cwd(), json })),
      );
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
  connector: "a kind of connection, in a checkout of diagbot: its folder and its harness for the contract",
};

const roleOption = (description: string): Option =>
  new Option("--role <role>", description).choices(["all", "ingress", "worker"]).default("all");

const collect = (value: string, before: readonly string[]): string[] => [...before, value];
