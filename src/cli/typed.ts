import type { CliDeps, CliIo } from "./deps.ts";

/** Runs what a command does, once the product is loaded. */
export type Act = (work: (deps: CliDeps, io: CliIo) => number | Promise<number>) => Promise<void>;

/** What every command takes whose answer a program may want. */
export const JSON_FLAG = ["--json", "print one JSON document on stdout and nothing else", false] as const;

/** An option that may be repeated. */
export const collect = (value: string, before: readonly string[]): string[] => [...before, value];
