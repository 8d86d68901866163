import { count } from "../core/words/format.ts";
import type { RunView } from "../core/words/view.ts";
import type { CliDeps, CliIo, Tested } from "./deps.ts";
import { EXIT, usage } from "./exit.ts";
import { plain } from "./plain.ts";
import { finish, type RunOptions, submitted, viewOf } from "./run.ts";

export interface RecordOptions extends Pick<RunOptions, "param" | "json"> {
  /** Where to diagnose; left out where a run that has been is recorded. */
  readonly system?: string;
  readonly out?: string;
  readonly situation?: string;
}

/** `record`: diagnoses, offers nothing, and writes what was seen to a file; of a run's number, what that run saw. */
export async function record(
  deps: CliDeps,
  io: CliIo,
  what: string,
  { out, situation, json, ...options }: RecordOptions,
): Promise<number> {
  const view = await seenRun(deps, io, what, options);
  const recorded = await deps.record(view, {
    ...(out === undefined ? {} : { file: out }),
    ...(situation === undefined ? {} : { situation }),
  });
  const found =
    recorded.findings.length === 0 ? "nothing was found" : `found: ${recorded.findings.join(", ")}`;
  io.stdout(
    json
      ? `${JSON.stringify({ run: view.id, ...recorded })}\n`
      : `${plain(recorded.file)}: ${plain(found)}\nlook through it before you keep it: what systems say may be confidential\n`,
  );
  return EXIT.ok;
}

const RUN = /^#?\d+$/;

async function seenRun(
  deps: CliDeps,
  io: CliIo,
  what: string,
  { system, param }: Pick<RecordOptions, "system" | "param">,
): Promise<RunView> {
  if (RUN.test(what)) {
    if (system === undefined && param.length === 0) return viewOf(deps, what);
    throw usage(`run ${what} has been: neither --system nor --param changes what it saw`);
  }
  if (system === undefined) throw usage("name the system to look at: --system <system>");
  return finish(deps, io, await submitted(deps, what, { system, param, dryRun: true }));
}

/** `test`: replays recordings. 0: all as recorded; 1: something is concluded otherwise; 2: something could not be replayed. */
export async function test(
  deps: CliDeps,
  io: CliIo,
  patterns: readonly string[],
  { update, json }: { update: boolean; json: boolean },
): Promise<number> {
  const tested = await deps.testRecordings({ patterns, update }, (line) => io.stderr(`${plain(line)}\n`));
  const of = (result: Tested["result"]) => tested.filter((one) => one.result === result);
  const ok = of("changed").length === 0 && of("errored").length === 0;
  if (json) io.stdout(`${JSON.stringify({ ok, tested })}\n`);
  else {
    for (const one of tested) if (one.result !== "same") io.stdout(`${testedText(one)}\n\n`);
    io.stdout(`${summary(tested)}\n`);
  }
  if (of("errored").length > 0) return EXIT.refused;
  return ok ? EXIT.ok : EXIT.findings;
}

const testedText = ({ file, result, lines }: Tested): string =>
  [`${result}: ${plain(file)}`, ...lines.map((line) => `  ${plain(line)}`)].join("\n");

function summary(tested: readonly Tested[]): string {
  const parts = (["same", "updated", "changed", "errored"] as const).flatMap((result) => {
    const n = tested.filter((one) => one.result === result).length;
    return n === 0 ? [] : [`${n} ${result}`];
  });
  const hint = tested.some(({ result }) => result === "changed")
    ? "; --update writes what is concluded now"
    : "";
  return `${count(tested.length, "recording")}: ${parts.join(", ")}${hint}`;
}
