import { CommanderError } from "commander";
import { commandLine } from "./command-line.ts";
import type { CliDeps, CliIo } from "./deps.ts";
import { EXIT, usage } from "./exit.ts";
import { reportError } from "./report-error.ts";
import { safeIo } from "./safe-io.ts";
import type { Act } from "./typed.ts";

/** Carries out one command line (without node and script name) and resolves with its exit code. Never rejects. */
export type RunCli = (argv: readonly string[], io: CliIo) => Promise<number>;

interface Options {
  readonly load: () => Promise<CliDeps>;
  /** What `--version` says. */
  readonly version: string;
}

/**
 * The command line over what it asks of the product, which is loaded when a command needs it: the list of commands does not.
 */
export const buildCli =
  ({ load, version }: Options): RunCli =>
  async (argv, to) => {
    let loaded: Promise<CliDeps> | undefined;
    const open = (): Promise<CliDeps> => (loaded ??= load());
    try {
      return await carryOut(argv, to, open, version);
    } finally {
      const deps = await loaded?.catch(() => undefined);
      await deps
        ?.close()
        .catch((error: unknown) => reportError(error, safeIo(to, deps.redact, false), false));
    }
  };

async function carryOut(
  argv: readonly string[],
  to: CliIo,
  open: () => Promise<CliDeps>,
  version: string,
): Promise<number> {
  const json = argv.includes("--json");
  const safe = async (): Promise<CliIo> => safeIo(to, (await open()).redact, json);
  let code: number = EXIT.ok;
  const act: Act = async (work) => {
    code = await work(await open(), await safe());
  };
  const said: { readonly to: "stdout" | "stderr"; readonly text: string }[] = [];
  const say = (stream: "stdout" | "stderr", text: string) => void said.push({ to: stream, text });
  const program = commandLine(act, { version, width: to.width, say });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    const isHelp = error instanceof CommanderError && error.exitCode === 0;
    // Help holds our own words only; a complaint repeats what was typed.
    const io = isHelp ? to : await safe().catch(() => to);
    for (const { to: stream, text } of said) io[stream](text);
    return isHelp ? EXIT.ok : refuse(error, io, json);
  }
}

/** What commander complains of, people have been told on stderr by now. */
function refuse(error: unknown, io: CliIo, json: boolean): number {
  if (!(error instanceof CommanderError)) return reportError(error, io, json);
  return json ? reportError(usage(error.message.replace(/^error: /, "")), io, true) : EXIT.usage;
}
