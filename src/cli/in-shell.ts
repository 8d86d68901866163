const SHARED =
  "help|list|guide|status|history|changes|pending|storm|open|ack|checklist|tick|postmortem|cancel|freeze|unfreeze";

/** `/diag shop block-ip ip=<ip>` as the command line has it. */
export function runInShell(typed: string): string {
  const spoken = inShell(typed);
  const [, system, runbook, rest = ""] = /^\/diag (\S+) (\S+)((?: .+)?)$/.exec(spoken) ?? [];
  if (system === undefined || runbook === undefined) return spoken;
  return `diagbot run ${runbook} --system ${system}${rest.replaceAll(/ (?=[A-Za-z][\w-]*=)/g, " --param ")}`;
}

/** Advice of the door speaks of `/diag`; here the same words follow `diagbot`. */
export const inShell = (text: string): string =>
  text
    .replaceAll(new RegExp(`/diag (${SHARED})\\b`, "g"), "diagbot $1")
    .replaceAll("diagbot unfreeze yes", "diagbot unfreeze --yes");
