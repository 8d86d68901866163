import { z } from "zod";
import { DurationMs } from "./duration.ts";
import { sayWhen } from "./format.ts";
import type { RunId } from "./ids.ts";
import type { Policies, Principal } from "./policy.ts";
import type { FreezeView } from "./view.ts";

/** `freeze:` of diagbot.yaml. */
export const FreezeRules = z.strictObject({
  /** Roles that may let remedies begin again. Default: the roles the policies ask for. */
  unfreeze: z.array(z.string().min(1)).min(1).optional(),
  /** Letting them begin again after so long is asked once more. */
  askAgainAfter: DurationMs.default(3_600_000),
});
export type FreezeRules = z.infer<typeof FreezeRules>;

/** Something that goes on by itself when a freeze ends. */
export interface SetOff {
  readonly run: RunId;
  readonly system: string;
  readonly remedy: string;
  readonly title: string;
  /** `apply`: approved, not begun; `go on`: begun, not finished; `take back`: its undo. */
  readonly act: "apply" | "go on" | "take back";
}

/** What letting remedies begin again came to. `was`: they were frozen. */
export interface Unfrozen {
  readonly was: boolean;
  readonly setsOff: readonly SetOff[];
}

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
