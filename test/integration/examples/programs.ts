import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandRunbooks, declaredCommands } from "../../../src/app/commands.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { connectorsOf } from "../../../src/core/rules/connections.ts";
import { exampleEnvironment, exampleFolder } from "../../helpers/examples.ts";
import { workFolder } from "../../helpers/host.ts";
import { type Diagnosis, openBench } from "../../helpers/run-runbook.ts";

/** The example of a system with its own programs (`bin/`) in place: its commands are those of its diagbot.yaml, on this machine. */
export interface Programs {
  /** Where the programs think /etc/<system> is; what they need is written there. */
  readonly etc: string;
  readonly work: string;
  asked(command: string, params?: Record<string, unknown>): Promise<Diagnosis>;
  /** What a command that reads answers, by column. */
  answer(command: string): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/** `sudo`: accounts other than root are taken by sudo, as declared; otherwise everything is of this one. */
export function examplePrograms(system: string, { sudo = false } = {}): Programs {
  const work = workFolder();
  const etc = join(work, "etc");
  mkdirSync(etc);
  cpSync(exampleFolder(system), join(work, "example"), { recursive: true });
  const bin = join(work, "example/bin");
  for (const name of readdirSync(bin)) {
    const path = join(bin, name);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(`/etc/${system}/`, `${etc}/`));
  }
  const file = join(work, "example/diagbot.yaml");
  const here = readFileSync(file, "utf8")
    .replaceAll(`/opt/${system}/bin/`, `${bin}/`)
    .replaceAll(/^( +)kind: exec\n +ssh: .*\n +identity: .*$/gm, "$1kind: exec\n$1local: true")
    .replaceAll(sudo ? /^ +user: root\n/gm : /^ +user: \w+\n/gm, "");
  writeFileSync(file, here);
  const { systems } = loadConfig({
    env: exampleEnvironment(system),
    cwd: join(work, "example"),
    kinds,
  });
  const runbooks = commandRunbooks(declaredCommands(systems, kinds)).flatMap((origin) => origin.runbooks);
  const scripts = systems.flatMap(({ connections }) =>
    Object.entries(connections).filter(([, { kind }]) => kind === "exec"),
  );
  const bench = openBench({
    connections: Object.fromEntries(
      scripts.map(([name, { kind, settings }]) => [name, { ...(settings as object), kind }]),
    ),
    connectors: connectorsOf(kinds),
  });
  const asked = (command: string, params: Record<string, unknown> = {}): Promise<Diagnosis> => {
    const runbook = runbooks.find(({ id }) => id === command);
    if (runbook === undefined) throw new Error(`no command ${command}`);
    return bench.diagnose(runbook, params);
  };
  return {
    etc,
    work,
    asked,
    answer: async (command) => {
      const { answer } = (await asked(command)).seen;
      if (answer?.ok !== true) throw new Error(JSON.stringify(answer));
      const { columns, rows } = answer.value as { columns: { name: string }[]; rows: unknown[][] };
      return Object.fromEntries(columns.map(({ name }, at) => [name, rows[0]?.[at] ?? null]));
    },
    close: async () => {
      await bench.close();
      rmSync(work, { recursive: true, force: true });
    },
  };
}
