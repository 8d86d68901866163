import type { Command } from "../src/sdk.ts";

/** Every `/diag` subcommand, one line each, in the order of the help. */
export const commands: readonly Command[] = [];
