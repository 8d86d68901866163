import { isReversible, whyNotAuto } from "../core/rules/auto.ts";
import { isRemedyDisabled, riskOn } from "../core/rules/restrict.ts";
import type { Policies } from "../core/words/policy.ts";
import type { Runbook } from "../core/words/runbook.ts";
import type { System } from "../core/words/system.ts";
import type { Complaint, ConfigDocument } from "./document.ts";
import { insteadOf } from "./restrictions.ts";

/**
 * What of `systems.<x>.auto` may never be applied without a person: no such remedy, advice, what destroys or cannot be taken
 * back, what needs two people. How many changes a plan makes is seen when it is frozen.
 */
export function checkAuto(
  systems: readonly System[],
  { runbooks, policies }: { readonly runbooks: readonly Runbook[]; readonly policies: Policies },
  document: ConfigDocument,
): Complaint[] {
  return systems.flatMap((system) =>
    Object.keys(system.auto).flatMap((name) => {
      const why = whyNever(system, name, runbooks, policies);
      if (why === undefined) return [];
      const path = ["systems", system.id, "auto"];
      return document.atKey(path, name, `${path.join(".")}: ${why}`);
    }),
  );
}

function whyNever(
  system: System,
  name: string,
  runbooks: readonly Runbook[],
  policies: Policies,
): string | undefined {
  const [id = "", key = ""] = name.split(".");
  const all = runbooks.flatMap((book) => Object.keys(book.remedies).map((one) => `${book.id}.${one}`));
  const own = runbooks.find((book) => book.id === id)?.remedies;
  const remedy = own !== undefined && Object.hasOwn(own, key) ? own[key] : undefined;
  const rule = system.auto[name];
  if (remedy === undefined || rule === undefined || !all.includes(name)) {
    const ids = runbooks.map((book) => book.id);
    return `there is no remedy "${name}"${insteadOf(name, all, ids)}`;
  }
  if (remedy.advice !== undefined) return `${name} is advice: people carry it out`;
  if (isRemedyDisabled(system, id, key)) return `${name} is disabled for ${system.id}`;
  const risk = riskOn(system, id, key, [remedy.risk]);
  const why = whyNotAuto(rule, { risk, isReversible: isReversible(remedy) }, policies);
  return why === undefined ? undefined : `${name} cannot be applied without a person: ${why}`;
}
