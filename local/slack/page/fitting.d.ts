import type { LocalCommand, Suggestion } from "../types.ts";

export function fitting(
  typed: string,
  commands: readonly LocalCommand[],
): (Suggestion & { readonly usage?: string })[];
