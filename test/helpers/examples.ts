import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { commandRunbooks, declaredCommands } from "../../src/app/commands.ts";
import { type Config, loadConfig } from "../../src/config/load.ts";
import { kinds } from "../../src/connectors/index.ts";

/** Something of an example that carries out items of a guide. */
export interface Declaration {
  readonly kind: "check" | "command" | "schedule";
  readonly system: string;
  readonly id: string;
  readonly covers: readonly string[];
}

const root = new URL("../../docs/examples/", import.meta.url);

/** Where the example of a system is. */
export const exampleFolder = (system: string): string => fileURLToPath(new URL(`${system}/`, root));

/** Names of the folders of docs/examples. */
export const exampleSystems = (): string[] =>
  readdirSync(root)
    .filter((name) => statSync(new URL(name, root)).isDirectory())
    .filter((name) => existsSync(new URL(`${name}/diagbot.yaml`, root)))
    .toSorted();

/** A value for every `${NAME}` of the file: an address of its kind where the name says it is one. */
export function exampleEnvironment(system: string): Record<string, string> {
  const text = readFileSync(new URL(`${system}/diagbot.yaml`, root), "utf8");
  const names = [...text.matchAll(/(?<!\$)\$\{(\w+)\}/g)].map(([, name = ""]) => name);
  return {
    ...Object.fromEntries(names.map((name) => [name, exampleOf(name)])),
    DATABASE_URL: "postgres://x/y",
  };
}

function exampleOf(name: string): string {
  if (/DATABASE_URL|POSTGRES|PGBOUNCER/.test(name))
    return "postgres://diagbot:pass-word-1@db.example.com:5432/app?sslmode=verify-full";
  if (/REDIS/.test(name)) return "rediss://:pass-word-2@redis.example.com:6380";
  if (/MONGO/.test(name)) return "mongodb://diagbot:pass-word-3@mongo.example.com:27017/?tls=true";
  return /URL$/.test(name) ? "https://service.example.com" : `a-secret-for-${name.toLowerCase()}`;
}

/** The example of a system as diagbot reads it. Throws where it does not. */
export const loadExample = (system: string): Config =>
  loadConfig({ env: exampleEnvironment(system), cwd: exampleFolder(system), kinds });

/** What the examples declare, with the items it carries out. */
export function declarations(system: string): Declaration[] {
  const { checks, schedules, systems } = loadExample(system);
  const commands = commandRunbooks(declaredCommands(systems, kinds)).flatMap(({ runbooks }) => runbooks);
  return [
    ...checks.map(({ check }) => ({ kind: "check" as const, system, id: check.id, covers: check.covers })),
    ...commands.map(({ id, covers }) => ({ kind: "command" as const, system, id, covers })),
    ...schedules.map(({ runbook, covers }) => ({ kind: "schedule" as const, system, id: runbook, covers })),
  ];
}
