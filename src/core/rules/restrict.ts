import { highestRisk, type Risk } from "../words/risk.ts";
import type { System } from "../words/system.ts";

type Restricted = Pick<System, "id" | "runbooks" | "remedies">;

/** Whether diagbot.yaml takes the runbook away from the system. */
export const isRunbookDisabled = ({ runbooks }: Restricted, runbook: string): boolean =>
  runbooks.disable.includes(runbook);

/** Whether diagbot.yaml takes the remedy away from the system: by itself, or with its runbook. */
export const isRemedyDisabled = (system: Restricted, runbook: string, remedy: string): boolean =>
  isRunbookDisabled(system, runbook) || system.remedies[`${runbook}.${remedy}`]?.disable === true;

/** The risk of a remedy on this system: its own, or the one diagbot.yaml raises it to; never lower. */
export const riskOn = (system: Restricted, runbook: string, remedy: string, own: readonly Risk[]): Risk =>
  highestRisk([...own, system.remedies[`${runbook}.${remedy}`]?.risk ?? "low"]);

/** Why a plan of this risk may not begin on the system any more: diagbot.yaml has changed since it was made. */
export function whyForbidden(
  system: Restricted,
  runbook: string,
  remedy: string,
  planned: Risk,
): string | undefined {
  if (isRemedyDisabled(system, runbook, remedy)) return sayDisabled(system, runbook, remedy);
  const now = riskOn(system, runbook, remedy, [planned]);
  return now === planned ? undefined : `diagbot.yaml raises the risk from ${planned} to ${now}`;
}

/** What people are told of a remedy that is disabled. */
export const sayDisabled = ({ id }: Restricted, runbook: string, remedy: string): string =>
  `diagbot.yaml disables ${runbook}.${remedy} for ${id}`;
