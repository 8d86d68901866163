import { Command, Option } from "commander";
import { ANSWERS } from "../core/words/answer.ts";
import { type ArchiveOptions, archive } from "./archive.ts";
import { addAuthoring } from "./authoring.ts";
import { check } from "./check.ts";
import { auditVerify, doctor, migrate, type VerifyOptions } from "./chores.ts";
import type { ServeRole } from "./deps.ts";
import { EXIT } from "./exit.ts";
import { type GuideOptions, guide } from "./guide.ts";
import { lockPacks, packs } from "./packs.ts";
import { replay } from "./replay.ts";
import { type RunOptions, run, status } from "./run.ts";
import { runbooks } from "./runbooks.ts";
import { addShared } from "./shared-commands.ts";
import { silence } from "./silence.ts";
import { type Act, collect, JSON_FLAG } from "./typed.ts";
import { answer, type VoteOptions, vote } from "./vote.ts";

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
  addGuide(program, act);
  addVotes(program, act);
  addShared(program, act);
  addChecks(program, act);
  addAuthoring(program, act);
  return program;
}

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
    .option("--archives <folder>", "where the files of `archive` are: they are read, too")
    .option(...JSON_FLAG)
    .action((options: VerifyOptions) => act((deps, io) => auditVerify(deps, io, options)));
  program
    .command("archive")
    .description("take old rows of the audit record into a file, and out of the database")
    .requiredOption("--to <folder>", "where the file is written")
    .option("--older-than <duration>", "e.g. 2y or 400d; default: `keep.audit` of diagbot.yaml")
    .option("--dry-run", "only say what would be done", false)
    .option(...JSON_FLAG)
    .action((options: ArchiveOptions) => act((deps, io) => archive(deps, io, options)));
}

function addRuns(program: Command, act: Act): void {
  program
    .command("runbooks")
    .description("list the runbooks of diagbot and of diagbot.yaml")
    .option(...JSON_FLAG)
    .action(({ json }: { json: boolean }) => act((deps, io) => runbooks(deps, io, json)));
  const ofPacks = program
    .command("packs")
    .description("the packs of diagbot.yaml: their runbooks and kinds of connections, and what pins them")
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

/** What waits for a run: the words are those of `/diag guide` and `/diag silence`. */
function addGuide(program: Command, act: Act): void {
  program
    .command("silence")
    .description("ask for alerts to be silenced for a time, by approval; or list silences, or end one")
    .argument("[words...]", "[system] [alert] <time> <reason>; a system, or nothing: list; end <id> [system]")
    .option("--no-wait", "return at once with the number of the run")
    .option(...JSON_FLAG)
    .action((words: string[], options: { json: boolean; wait: boolean }) =>
      act((deps, io) => silence(deps, io, words, options)),
    );
  program
    .command("guide")
    .description("the items of the guide, or everything that treats one of them, in one thread")
    .argument("[item and system...]", "e.g. shop.queue-stuck, or shop redis to search")
    .option("--dry-run", "diagnose and plan, but offer nothing for approval", false)
    .option("--no-wait", "return at once with the numbers of the runs")
    .option(...JSON_FLAG)
    .action((words: string[], options: GuideOptions) => act((deps, io) => guide(deps, io, words, options)));
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
  deciding(
    "approve",
    "approve a remedy that waits for it; exits 0 when the vote counts, 2 where it was carried out here and did not help",
  )
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
    .option(
      "--tell <webhooks...>",
      "send these webhooks of diagbot.yaml a message that says it is a test",
      [],
    )
    .option(...JSON_FLAG)
    .action((options: { json: boolean; role: ServeRole; tell: string[] }) =>
      act((deps, io) => doctor(deps, io, options)),
    );
  program
    .command("replay")
    .description("say what an Alertmanager notification would lead to; has no effects")
    .argument("<alert.json>")
    .option(...JSON_FLAG)
    .action((file: string, options: { json: boolean }) =>
      act((deps, io) => replay(deps, io, file, options.json)),
    );
}

const roleOption = (description: string): Option =>
  new Option("--role <role>", description).choices(["all", "ingress", "worker"]).default("all");
