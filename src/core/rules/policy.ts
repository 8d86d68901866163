import type { PrincipalId } from "../words/ids.ts";
import type { Policies, Policy, Principal } from "../words/policy.ts";
import type { Risk } from "../words/risk.ts";

/** Policy of a risk; undefined means: nobody may approve it. */
export const policyFor = (policies: Policies, risk: Risk): Policy | undefined => policies[risk];

/** How many of the people could vote, the requester left out unless the policy lets them. */
export const eligible = (
  policy: Policy,
  people: readonly Principal[],
  requester: PrincipalId | undefined,
): Principal[] => people.filter((person) => mayVote(policy, person, requester).ok);

/** May this principal vote under the policy? `why` is for them to read. */
export function mayVote(
  policy: Policy | undefined,
  voter: Pick<Principal, "id" | "roles">,
  requester: PrincipalId | undefined,
): { readonly ok: true } | { readonly ok: false; readonly why: string } {
  if (policy === undefined)
    return { ok: false, why: "no policy in diagbot.yaml allows a remedy of this risk" };
  if (!policy.from.some((role) => voter.roles.includes(role)))
    return { ok: false, why: `approving this needs the role ${policy.from.join(" or ")}` };
  if (voter.id === requester && !policy.self)
    return { ok: false, why: "you asked for this run, so somebody else must decide" };
  return { ok: true };
}
