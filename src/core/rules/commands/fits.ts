import type { Asked, Command, Commands, Complaint, Param } from "../../words/command.ts";
import { ownComplaints } from "../../words/command.ts";
import { parseDuration } from "../../words/duration.ts";
import { beforeColumn, FILLED } from "./asked.ts";
import { boundOf, type Fits } from "./bind.ts";
import { namesIn } from "./templates.ts";

/** What is near to a word, for "did you mean"; the fits of RE2; and what of a kind's own holds parameters. */
export interface Knowing<C extends Command> {
  instead(given: string, known: readonly string[]): string;
  readonly fits: Fits;
  /** Why a pattern is none. */
  wrongPattern(pattern: string): string | undefined;
  /** Texts of the command that are filled in, with their place. */
  templates(command: C): readonly { readonly path: readonly PropertyKey[]; readonly text: string }[];
  /** Columns of its answer, where they are known before it was asked. */
  columns(command: C): readonly string[] | undefined;
}

/** Whether the commands of one connection fit themselves and each other; `path` begins with the command's name. Pure. */
export const commandComplaints = <C extends Command>(
  commands: Commands<C>,
  knowing: Knowing<C>,
): Complaint[] =>
  Object.entries(commands).flatMap(([name, command]) =>
    [
      ...ownComplaints(command),
      ...paramComplaints(command, knowing),
      ...templateComplaints(command, knowing),
      ...(command.effect === "read" ? [] : questionComplaints(command, commands, knowing)),
    ].map(({ path, message }) => ({ path: [name, ...path], message })),
  );

function paramComplaints<C extends Command>({ params }: C, { fits, wrongPattern }: Knowing<C>): Complaint[] {
  return Object.entries(params).flatMap(([name, param]) => {
    const path = ["params", name];
    const shape = wrongShape(param, wrongPattern);
    if (shape !== undefined) return [{ path: [...path, ...shape.path], message: shape.message }];
    const value = param.default === undefined ? undefined : boundOf(param, param.default, fits);
    return typeof value === "string" ? [{ path: [...path, "default"], message: value }] : [];
  });
}

function wrongShape(param: Param, wrongPattern: Knowing<Command>["wrongPattern"]): Complaint | undefined {
  if (param.type === "word") {
    const wrong = wrongPattern(param.pattern);
    return wrong === undefined ? undefined : { path: ["pattern"], message: `a regular expression: ${wrong}` };
  }
  if (param.type === "integer" && param.min > param.max)
    return { path: ["min"], message: `no more than max, ${param.max}` };
  if (param.type === "duration" && (parseDuration(param.min) ?? 0) > (parseDuration(param.max) ?? 0))
    return { path: ["min"], message: `no more than max, ${param.max}` };
  return undefined;
}

function templateComplaints<C extends Command>(command: C, { templates, instead }: Knowing<C>): Complaint[] {
  const known = Object.keys(command.params);
  const all = templates(command);
  const used = new Set(all.flatMap(({ text }) => namesIn(text)));
  const unknown = all.flatMap(({ path, text }) =>
    namesIn(text)
      .filter((name) => !known.includes(name))
      .map((name) => ({
        path,
        message: `made of declared parameters: there is no "${name}"${instead(name, known)}`,
      })),
  );
  const idle = known
    .filter((name) => !used.has(name) && !isHandedOn(command, name))
    .map((name) => ({ path: ["params", name], message: `used: nothing holds {${name}}` }));
  return [...unknown, ...idle];
}

/** Parameters of a write may be for its questions only. */
const isHandedOn = ({ probe, requires, settled, preview }: Command, name: string): boolean =>
  JSON.stringify([probe, requires, settled, preview]).includes(`{${name}}`);

function questionComplaints<C extends Command>(
  command: C,
  commands: Commands<C>,
  knowing: Knowing<C>,
): Complaint[] {
  const { probe, requires, preview, settled, undo } = command;
  const questions: { path: readonly PropertyKey[]; asked: Omit<Asked, "when"> & Partial<Asked> }[] = [
    ...(probe === undefined ? [] : [{ path: ["probe"], asked: probe }]),
    ...(preview === undefined ? [] : [{ path: ["preview"], asked: preview }]),
    ...(settled === undefined ? [] : [{ path: ["settled"], asked: settled }]),
    ...requires.map((asked, index) => ({ path: ["requires", index], asked })),
  ];
  const own = { command, commands, knowing };
  const complaints = questions.flatMap(({ path, asked }) => [
    ...calledComplaints({ ...own, path: [...path, "ask"], name: asked.ask, given: asked.params }, "read"),
    ...columnComplaints(own, path, asked),
    ...fillingComplaints(own, [...path, "where"], asked.where),
  ]);
  if (undo === undefined || !("command" in undo)) return complaints;
  const back = { ...own, path: ["undo", "command"], name: undo.command, given: undo.params };
  return [...complaints, ...calledComplaints(back, "write")];
}

interface Own<C extends Command> {
  readonly command: C;
  readonly commands: Commands<C>;
  readonly knowing: Knowing<C>;
}

/** Whether the command that is called is there and gets what it needs. */
function calledComplaints<C extends Command>(
  own: Own<C> & { path: readonly PropertyKey[]; name: string; given: Command["params"] | object },
  effect: Command["effect"],
): Complaint[] {
  const { command, commands, knowing, path, name } = own;
  const given: Readonly<Record<string, unknown>> = { ...own.given };
  const known = Object.keys(commands).filter((one) => commands[one]?.effect === effect);
  const called = commands[name];
  if (called?.effect !== effect) {
    const what = effect === "read" ? "with effect: read" : "with effect: write";
    return [{ path, message: `the name of a command ${what}${knowing.instead(name, known)}` }];
  }
  const place = [...path.slice(0, -1), "params"];
  const needs = Object.keys(called.params);
  const extra = Object.keys(given)
    .filter((one) => !needs.includes(one))
    .map((one) => ({
      path: [...place, one],
      message: `a parameter of ${name}: there is no "${one}"${knowing.instead(one, needs)}`,
    }));
  const missing = needs
    .filter((one) => !(one in given) && !(one in command.params) && called.params[one]?.default === undefined)
    .map((one) => ({ path, message: `given ${one}: ${name} needs it` }));
  const fixed = Object.entries(given).flatMap(([one, value]) => {
    const param = called.params[one];
    if (param === undefined || (typeof value === "string" && value.includes("{"))) return [];
    const bound = boundOf(param, value as string | number, knowing.fits);
    return typeof bound === "string" ? [{ path: [...place, one], message: bound }] : [];
  });
  return [...extra, ...missing, ...fixed, ...fillingComplaints(own, place, given, effect === "write")];
}

/** Placeholders of questions: the command's own parameters, in an undo also what the probe saw before. */
function fillingComplaints<C extends Command>(
  { command, commands, knowing }: Own<C>,
  path: readonly PropertyKey[],
  given: Readonly<Record<string, unknown>>,
  mayLookBack = false,
): Complaint[] {
  const known = Object.keys(command.params);
  const asked = commands[command.probe?.ask ?? ""];
  const seen = asked === undefined ? undefined : knowing.columns(asked);
  return Object.entries(given).flatMap(([key, value]) =>
    namesIn(String(value)).flatMap((name) => {
      const column = beforeColumn(name);
      if (column === undefined)
        return known.includes(name)
          ? []
          : [
              {
                path: [...path, key],
                message: `made of parameters: there is no "${name}"${knowing.instead(name, known)}`,
              },
            ];
      if (!mayLookBack) return [{ path: [...path, key], message: "without {before…}: that is for an undo" }];
      return seen === undefined || seen.includes(column)
        ? []
        : [
            {
              path: [...path, key],
              message: `a column of the probe: there is no "${column}"${knowing.instead(column, seen)}`,
            },
          ];
    }),
  );
}

function columnComplaints<C extends Command>(
  { command, commands, knowing }: Own<C>,
  path: readonly PropertyKey[],
  asked: Partial<Asked> & Pick<Asked, "ask" | "where">,
): Complaint[] {
  const target = commands[asked.ask];
  const columns = target === undefined ? undefined : knowing.columns(target);
  const unknown = (place: string, names: readonly string[]) =>
    names
      .filter((name) => columns?.includes(name) === false)
      .map((name) => ({
        path: [...path, place, name],
        message: `about a column of ${asked.ask}: there is no "${name}"${knowing.instead(name, columns ?? [])}`,
      }));
  const looksBack = path[0] === "requires" || path[0] === "preview";
  const changed = Object.entries(asked.when ?? {})
    .filter(([, { changed: is }]) => is !== undefined && looksBack)
    .map(([name]) => ({
      path: [...path, "when", name],
      message: "without `changed`: nothing has been done yet",
    }));
  const words = Object.entries(asked.when ?? {}).flatMap(([name, condition]) => {
    const texts = FILLED.map((key) => [key, condition[key]] as const).filter(
      ([, text]) => typeof text === "string",
    );
    const given = Object.fromEntries(texts);
    return fillingComplaints({ command, commands, knowing }, [...path, "when", name], given);
  });
  return [
    ...unknown("when", Object.keys(asked.when ?? {})),
    ...unknown("where", Object.keys(asked.where)),
    ...changed,
    ...words,
  ];
}
