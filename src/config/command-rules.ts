import { declarationOf } from "../core/rules/commands/declaration.ts";
import { partsOf } from "../core/rules/commands/offer.ts";
import { kindNamed } from "../core/rules/connections.ts";
import { type Check, ROWS } from "../core/words/check.ts";
import type { Command } from "../core/words/command.ts";
import type { ConnectionKind } from "../core/words/kind.ts";
import type { CheckComplaint, CheckWorld, ColumnsOf, CommandsOf } from "./check-world.ts";
import type { Complaint, ConfigDocument } from "./document.ts";
import { instead } from "./explain.ts";
import type { ConfigFile } from "./schema.ts";

type Systems = ConfigFile["systems"];

/** What checks are held to, of these kinds. */
export const worldOf = (kinds: readonly ConnectionKind[]): CheckWorld => ({
  kinds: kinds.map(({ name }) => name),
  commandsOf: (settings) => kindNamed(kinds, settings.kind)?.commands?.(settings) ?? {},
  columnsOf: (settings, command) => kindNamed(kinds, settings.kind)?.columns?.(settings, command),
});

/** One name is one command, on whatever system: people ask for it by its name, and approve it by it. */
export function differing(
  systems: Systems,
  kinds: readonly ConnectionKind[],
  document: ConfigDocument,
): Complaint[] {
  const { commandsOf } = worldOf(kinds);
  const first = new Map<string, { text: string; at: string }>();
  return Object.entries(systems).flatMap(([system, { connections }]) =>
    Object.entries(connections).flatMap(([connection, settings]) =>
      Object.keys(commandsOf(settings)).flatMap((name) => {
        const text = settings.kind + declarationOf(commandsOf(settings), name);
        const known = first.get(name);
        if (known === undefined) first.set(name, { text, at: `${system}.${connection}` });
        if (known === undefined || known.text === text) return [];
        const path = ["systems", system, "connections", connection, "commands", name];
        return [
          document.at(
            path,
            `${path.join(".")}: ${known.at} declares another command of this name: give one of them another, or make them the same (YAML: &name and *name)`,
          ),
        ];
      }),
    ),
  );
}

/** Words of `/diag` that are no parameters: they would never reach the command. */
export function takenWords(
  systems: Systems,
  kinds: readonly ConnectionKind[],
  document: ConfigDocument,
): Complaint[] {
  const { commandsOf } = worldOf(kinds);
  const taken = ["for", ...kinds.map(({ name }) => name)];
  return Object.entries(systems).flatMap(([system, { connections }]) =>
    Object.entries(connections).flatMap(([connection, settings]) =>
      Object.entries(commandsOf(settings)).flatMap(([name, { params }]) =>
        Object.keys(params)
          .filter((param) => taken.includes(param))
          .map((param) => {
            const path = ["systems", system, "connections", connection, "commands", name, "params", param];
            return document.at(
              path,
              `${path.join(".")}: \`${param}=\` means something else to /diag: give it another name`,
            );
          }),
      ),
    ),
  );
}

/** Connections that the check may ask, on each of its systems. */
const systemsOf = (check: Check, systems: Systems) =>
  Object.entries(systems).filter(([id]) => check.systems?.includes(id) ?? true);

/** The connection a check asks on a system, and its settings. */
function askedOn(check: Check, connections: Systems[string]["connections"]) {
  const mine = Object.entries(connections).filter(([, { kind }]) => kind === "exec");
  return check.on === undefined || check.on === "exec" ? mine[0] : mine.find(([name]) => name === check.on);
}

/** Columns of the command that a check asks, where they are the same known ones everywhere. */
export function columnsAsked(
  check: Check,
  systems: Systems,
  columnsOf: ColumnsOf,
): readonly string[] | undefined {
  const { command } = check;
  if (command === undefined) return undefined;
  const [first] = systemsOf(check, systems).flatMap(([, { connections }]) => {
    const asked = askedOn(check, connections);
    const columns = asked && columnsOf(asked[1], command.name);
    return columns === undefined ? [] : [columns];
  });
  return first && [...new Set([...first, ROWS])];
}

/** Whether the command that a check asks is there and gets its parameters. */
export function wrongCommand(check: Check, systems: Systems, commandsOf: CommandsOf): CheckComplaint[] {
  const { command } = check;
  if (command === undefined) return [];
  const asked = systemsOf(check, systems).flatMap(([, { connections }]) => {
    const one = askedOn(check, connections);
    return one === undefined ? [] : [commandsOf(one[1])];
  });
  const complaints = asked.flatMap((commands) => {
    const reads = Object.keys(commands).filter((name) => commands[name]?.effect === "read");
    const declared = commands[command.name];
    if (declared?.effect !== "read")
      return [
        {
          path: ["command"],
          message: `the connection declares no command "${command.name}" with effect: read${instead(command.name, reads)}`,
        },
      ];
    return wrongParams(declared, command.name, command.params, ["command", "params"]);
  });
  return complaints.slice(0, 1);
}

function wrongParams(
  { params }: Command,
  name: string,
  given: Readonly<Record<string, unknown>>,
  path: readonly PropertyKey[],
): CheckComplaint[] {
  const known = Object.keys(params);
  const unknown = Object.keys(given)
    .filter((one) => !known.includes(one))
    .map((one) => ({
      path: [...path, one],
      message: `${name} has no parameter "${one}"${instead(one, known)}`,
    }));
  const missing = known
    .filter((one) => !(one in given) && params[one]?.default === undefined)
    .map((one) => ({ path: path.slice(0, -1), message: `${name} needs the parameter ${one}` }));
  return [...unknown, ...missing];
}

/** Whether the writes that findings offer are there, on every system of the check that has their connection. */
export function wrongRemedies(check: Check, systems: Systems, commandsOf: CommandsOf): CheckComplaint[] {
  return check.findings.flatMap(({ remedy }, index) => {
    if (remedy === undefined) return [];
    const path = ["findings", index, "remedy", "run"];
    const { connection, name } = partsOf(remedy.run);
    const mine = systemsOf(check, systems).flatMap(([, { connections }]) => Object.entries(connections));
    const named = mine.filter(([one]) => one === connection);
    // That no system has what it asks is said already.
    if (mine.length === 0) return [];
    if (named.length === 0)
      return [
        {
          path,
          message: `no system of the check has a connection "${connection}"${instead(connection, [...new Set(mine.map(([one]) => one))])}`,
        },
      ];
    return named
      .flatMap(([, settings]) => {
        const commands = commandsOf(settings);
        const writes = Object.keys(commands).filter((one) => commands[one]?.effect === "write");
        const declared = commands[name];
        return declared?.effect === "write"
          ? wrongParams(declared, name, remedy.params, ["findings", index, "remedy", "params"])
          : [
              {
                path,
                message: `${connection} declares no command "${name}" with effect: write${instead(name, writes)}`,
              },
            ];
      })
      .slice(0, 1);
  });
}
