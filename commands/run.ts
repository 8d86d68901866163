import { type Command, DiagError, HEALTH_RUNBOOK } from "../src/sdk/index.ts";

const KEY = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;

/**
 * `/diag <system> [runbook] [key=value …]`: runs one runbook, or the health matrix where none is named. Several bare words
 * (`shop is slow`) are handed on as they are: the door knows the runbooks and says which one may be meant.
 */
export const run: Command = {
  name: "run",
  usage: "<system> [runbook] [key=value …]",
  summary: "run one runbook; without a name, check the health of the whole system",
  plan: ([system, ...rest]) => {
    if (system === undefined)
      throw new DiagError("usage", "which system?", { hint: "type `/diag list` to see the systems" });
    if (system.includes("=")) throw new DiagError("usage", `expected a system, got "${system}"`);
    const bare = rest.filter((word) => !word.includes("="));
    const params = paramsOf(rest.filter((word) => word.includes("=")));
    return { do: "run", system, runbook: bare.join(" ") || HEALTH_RUNBOOK, params };
  },
};

function paramsOf(words: readonly string[]): Record<string, string> {
  const params = new Map<string, string>();
  for (const word of words) {
    const equals = word.indexOf("=");
    const key = word.slice(0, equals);
    if (equals < 1 || !KEY.test(key))
      throw new DiagError("usage", `expected key=value, got "${word}"`, {
        hint: 'write parameters as key=value; quote values with spaces: key="a b"',
      });
    if (params.has(key)) throw new DiagError("usage", `"${key}" is given twice`);
    params.set(key, word.slice(equals + 1));
  }
  return Object.fromEntries(params);
}
