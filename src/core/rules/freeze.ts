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

/** `frozen by alice until 17:46 UTC`. */
export const sayFrozen = ({ by, until }: Pick<FreezeView, "by" | "until">, now = new Date()): string =>
  `frozen by ${by} ${until === undefined ? "until somebody unfreezes" : `until ${sayWhen(until, now)}`}`;

/** What an approval means while writes are frozen: it may lapse before it can begin. */
export function sayApprovedFrozen(
  freeze: Pick<FreezeView, "by" | "until">,
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
