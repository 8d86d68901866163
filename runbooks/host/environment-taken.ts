import { count, type Evidence, rows, saySeconds } from "../../src/sdk/index.ts";
import {
  about,
  type Environment,
  type Found,
  isRunning,
  sayNames,
  takesFile,
  who,
} from "./environment-words.ts";

/** What the process has against what the file says. */
export function taken(one: Environment): Found[] {
  if (!isRunning(one) || one.file.state !== "here") return [];
  const { file, process } = one;
  if (!takesFile(one)) return file.entries.length === 0 ? [] : [notLoaded(one)];
  const has = process.has ?? [];
  const of = (is: string) => has.filter((each) => each.is === is).map(({ name }) => name);
  const lacks = file.entries
    .filter(({ name }) => !has.some((each) => each.name === name))
    .map(({ name }) => name);
  const [differs, literal] = [of("differs"), of("literal")];
  const isNewer = (file.modifiedAt ?? 0) > (process.startedAt ?? Number.POSITIVE_INFINITY);
  const moved = [...new Set([...lacks, ...differs])];
  return [
    ...(isNewer && moved.length > 0 ? [stale(one, moved)] : []),
    ...(!isNewer && lacks.length > 0 ? [ignored(one, lacks)] : []),
    ...(!isNewer && differs.length > 0 ? [overridden(one, differs)] : []),
    ...(literal.length > 0 ? [asItIs(one, literal)] : []),
  ];
}

const stale = (one: Environment, moved: readonly string[]): Found => ({
  id: `stale:${one.name}`,
  severity: "warning",
  title: `${who(one)} runs with what ${one.file.path} said before: ${count(moved.length, "name")} ${moved.length === 1 ? "is" : "are"} otherwise (${sayNames(moved)})`,
  because: `The file was changed ${saySeconds((one.file.modifiedAt ?? 0) - (one.process.startedAt ?? 0))} after the start; an environment is taken on at a start only. An \`export\` in a shell, or \`docker compose restart\`, changes nothing of it.`,
  evidence: [about(one)],
  remedies: ["startAnew"],
});

const overridden = (one: Environment, differs: readonly string[]): Found => ({
  id: `overridden:${one.name}`,
  severity: "info",
  title: `${sayNames(differs)} of ${who(one)} ${differs.length === 1 ? "comes" : "come"} from elsewhere than ${one.file.path}`,
  because:
    "The file is older than the start, and the process has another value: `environment:` of the compose file, `Environment=` of the unit or a later file wins over it. Whoever edits the file changes nothing.",
  evidence: [about(one)],
});

const asItIs = (one: Environment, literal: readonly string[]): Found => ({
  id: `literal:${one.name}`,
  severity: "warning",
  title: `Quotes, comments or carriage returns became part of the value: ${sayNames(literal)} of ${who(one)}`,
  because:
    "What reads the file takes the line as it is: `docker run --env-file` keeps quotes, systemd keeps what follows ` #`, and most keep the carriage return of files from Windows. The program sees a password or URL that is a few characters too long.",
  evidence: [linesTable(one, literal)],
  remedies: ["fixLines"],
});

/** The reader skipped lines. */
const ignored = (one: Environment, lacks: readonly string[]): Found => ({
  id: `ignored:${one.name}`,
  severity: "warning",
  title: `${who(one)} did not take ${sayNames(lacks)} from ${one.file.path}`,
  because:
    "The file is older than the start, and other names of it arrived: these lines were skipped. systemd skips `export NAME=…` and says so in the journal; a compose file may list names one by one (`environment: [A, B]`).",
  evidence: [linesTable(one, lacks)],
  remedies: ["fixLines"],
});

const notLoaded = (one: Environment): Found => {
  const reads = one.process.reads;
  return {
    id: `not-loaded:${one.name}`,
    severity: "info",
    title: `${who(one)} is not given ${one.file.path}`,
    because: `${reads === null ? "None of its names is in the environment of the process" : reads.length === 0 ? "Its unit names no EnvironmentFile=" : `Its unit reads ${sayNames(reads)}`}. That is well only where the program reads the file by itself (dotenv, in its working folder).`,
    evidence: [about(one)],
    remedies: ["loadFile"],
  };
};

const linesTable = (one: Environment, names: readonly string[]): Evidence =>
  rows(
    `Lines of ${one.file.path}`,
    one.file.entries.filter(({ name }) => names.includes(name)).slice(0, 12),
    {
      line: (entry) => entry.line,
      name: (entry) => entry.name,
      odd: (entry) => entry.flags.join(", "),
    },
  );
