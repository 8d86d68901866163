import { sayWhen } from "../words/format.ts";
import type { FreezeRules, SetOff } from "../words/freeze.ts";
import type { Policies, Principal } from "../words/policy.ts";
import type { FreezeView } from "../words/view.ts";

/** Roles of those who may let remedies begin again; empty: any person of diagbot.yaml, as nobody may approve anything. */
export const unfreezeRoles = (rules: FreezeRules | undefined, policies: Policies): readonly string[] =>
  rules?.unfreeze ?? [...new Set(Object.values(policies).flatMap((policy) => policy?.from ?? []))];

/** May this person let remedies begin again, or make a freeze shorter? */
export const mayUnfreeze = (
  rules: FreezeRules | undefined,
  policies: Policies,
  person: Pick<Principal, "roles"> | undefined,
): boolean => {
  const roles = unfreezeRoles(rules, policies);
  return person !== undefined && (roles.length === 0 || roles.some((role) => person.roles.includes(role)));
};

/** `frozen by alice until 17:46 UTC`, `frozen on shop by alice …`, `in maintenance until 17:46 UTC, by alice`. */
export function sayFrozen(
  { by, until, system, quiet }: Pick<FreezeView, "by" | "until" | "system" | "quiet">,
  now = new Date(),
): string {
  const end = until === undefined ? "until somebody unfreezes" : `until ${sayWhen(until, now)}`;
  if (quiet === true) return `in maintenance ${end}, by ${by}`;
  return `frozen${system === undefined ? "" : ` on ${system}`} by ${by} ${end}`;
}

/** What ends it: `/diag unfreeze shop`. */
export const unfreezeWords = ({ system }: Pick<FreezeView, "system">): string =>
  `/diag unfreeze${system === undefined ? "" : ` ${system}`}`;

/** What an approval means while writes are frozen: it may lapse before it can begin. */
export function sayApprovedFrozen(
  freeze: Pick<FreezeView, "by" | "until" | "system" | "quiet">,
  lapsesAt: Date | undefined,
  now = new Date(),
): string {
  const head = `approved, but ${sayFrozen(freeze, now)}`;
  if (lapsesAt === undefined) return head;
  const inTime = freeze.until !== undefined && freeze.until < lapsesAt;
  return `${head}; ${inTime ? "it begins then, as this approval holds until" : "this approval lapses at"} ${sayWhen(lapsesAt, now)}`;
}

/** `This sets off: apply … (run 17 on shop)`; what does, one a line. */
export const saySetsOff = (setsOff: readonly SetOff[]): string =>
  setsOff.length === 0
    ? "Nothing was waiting for it."
    : `This sets off:\n${setsOff.map(({ act, title, run, system }) => `• ${act}: ${title} (run #${run} on ${system})`).join("\n")}`;
