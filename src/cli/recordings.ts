import { count } from "../core/words/format.ts";
import type { CliDeps, CliIo, Tested } from "./deps.ts";
import { EXIT } from "./exit.ts";
import { plain } from "./plain.ts";
import { finish, type RunOptions, submitted } from "./run.ts";

export interface RecordOptions extends Pick<RunOptions, "system" | "param" | "json"> {
  readonly out?: string;
  readonly situation?: string;
}

/** `record`: diagnoses, offers nothing, and writes what was seen to a file. */
export async function record(
  deps: CliDeps,
  io: CliIo,
  runbook: string,
  { out, situation, json, ...options }: RecordOptions,
): Promise<number> {
  const id = await submitted(deps, runbook, { ...options, dryRun: true });
  const view = await finish(deps, io, id);
  const recorded = await deps.record(view, {
    ...(out === undefined ? {} : { file: out }),
    ...(situation === undefined ? {} : { situation }),
  });
  const found =
    recorded.findings.length === 0 ? "nothing was found" : `found: ${recorded.findings.join(", ")}`;
  io.stdout(
    json
      ? `${JSON.stringify({ run: id, ...recorded })}\n`
      : `${plain(recorded.file)}: ${plain(found)}\nlook through it before you keep it: what systems say may be confidential\n`,
  );
  return EXIT.ok;
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
