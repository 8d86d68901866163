import { clip, type Evidence, type Finding, facts, type host } from "../../src/sdk/index.ts";

export type Environment = host.Environment;
export type EnvironmentRemedy =
  | "setNames"
  | "startAnew"
  | "fixLines"
  | "loadFile"
  | "fixPaths"
  | "closeFile"
  | "reachOther";
export type Found = Finding<EnvironmentRemedy>;

/** Some names, and how many more. */
export const sayNames = (names: readonly string[]): string =>
  `${clip(names.slice(0, 8).join(", "), 300)}${names.length > 8 ? ` and ${names.length - 8} more` : ""}`;

/** Whose environment it is. */
export const who = ({ unit, container, name }: Environment): string => unit || container || name;

/** What the program has: what its process has, and what the file says, which it may read by itself. */
export function flagsOf(one: Environment, name: string): readonly string[] | undefined {
  const inProcess = one.process.has?.find((has) => has.name === name);
  return (inProcess ?? one.file.entries.findLast((entry) => entry.name === name))?.flags;
}

/** It runs, and what it has was seen. */
export const isRunning = ({ process }: Environment): boolean =>
  process.state === "running" && process.has !== null;

/** Whether the unit or container is given this file: by its unit, or because it has names of it. */
export function takesFile({ file, process }: Environment): boolean {
  if (process.reads !== null) return process.reads.includes(file.path);
  return process.has?.some(({ name }) => file.entries.some((entry) => entry.name === name)) ?? false;
}

/** The figures of one. */
export const about = (one: Environment): Evidence =>
  facts({
    file:
      one.file.path === ""
        ? "–"
        : `${one.file.path} (${one.file.state}${one.file.mode === "" ? "" : `, ${one.file.mode} ${one.file.owner}`})`,
    names: one.file.entries.length,
    [one.unit === "" ? "container" : "unit"]: `${who(one)}: ${one.process.state}`,
    "names it has": one.process.has === null ? "not seen" : one.process.has.length,
  });
