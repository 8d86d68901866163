import { PrincipalId } from "../../../src/core/words/ids.ts";
import { Policies, type Principal } from "../../../src/core/words/policy.ts";
import type { CrashPoint } from "../../../src/engine/deps.ts";
import { alice, bob, carol } from "../../helpers/engine-bench.ts";

const named = (name: string): Principal => ({ id: PrincipalId.parse(name), roles: ["oncall"], slack: [] });
/** alice has asked; carol has no role; bob may break the glass. */
export const PEOPLE = { alice, bob, carol, dave: named("dave"), erin: named("erin") } as const;
export type Name = keyof typeof PEOPLE;
export const ENTITLED: readonly Name[] = ["bob", "dave", "erin"];
export const POLICIES = Policies.parse({
  high: { approvals: 2, from: ["oncall"], breakGlass: { from: ["dba"], channel: "C0LOUD" } },
});

export type Status =
  | "waiting"
  | "approved"
  | "denied"
  | "expired"
  | "void"
  | "applying"
  | "unknown"
  | "succeeded"
  | "failed"
  | "cancelled";

/** What people were promised, in memory. */
export interface Model {
  status: Status;
  readonly approved: Set<Name>;
  readonly answered: Set<Name>;
  effects: number;
  /** An attempt whose worker died: has it had its effect? */
  open: "done" | "not-done" | undefined;
  isOver: boolean;
  isFrozen: boolean;
  isTampered: boolean;
  hasMoved: boolean;
  isCancelled: boolean;
}

/** A vote; true: it counts. */
export function voted(model: Model, name: Name, decision: "approve" | "deny", breakGlass = false): boolean {
  const mayVote = model.status === "waiting" && !model.isOver && ENTITLED.includes(name);
  if (!mayVote || model.approved.has(name)) return false;
  if (decision === "deny") model.status = "denied";
  else if (breakGlass && name !== "bob") return false;
  else if (model.approved.add(name).size >= 2 || breakGlass) model.status = "approved";
  if (model.status === "approved") model.isOver = false;
  return true;
}

const FINAL: readonly Status[] = ["denied", "expired", "void", "succeeded", "failed", "cancelled"];

/** What a worker may do now. `until`: it dies there, if it comes so far. */
export function advanced(model: Model, until?: CrashPoint): void {
  if (FINAL.includes(model.status) || until === "after_claim") return;
  if (model.open !== undefined) {
    const { open } = model;
    model.open = undefined;
    if (open === "not-done") {
      model.status = "unknown";
      model.answered.clear();
      return;
    }
    // Also of a cancelled run: what was made is verified.
    model.status = "succeeded";
    return;
  }
  if (model.status === "unknown") return;
  if (model.isCancelled) model.status = "cancelled";
  else if (model.isOver) model.status = "expired";
  else if (model.status !== "waiting") applied(model, until);
}

function applied(model: Model, until?: CrashPoint): void {
  if (model.isTampered || model.hasMoved) {
    model.status = "void";
    return;
  }
  if (until === "before_intent" || model.isFrozen) return;
  model.status = until === undefined ? "succeeded" : "applying";
  if (until !== "after_intent") model.effects += 1;
  // Recorded and not yet verified (after_result): the next worker verifies, or cancels, as after a probe.
  if (until !== undefined) model.open = until === "after_intent" ? "not-done" : "done";
}

export const newModel = (): Model => ({
  status: "waiting",
  approved: new Set(),
  answered: new Set(),
  effects: 0,
  open: undefined,
  isOver: false,
  isFrozen: false,
  isTampered: false,
  hasMoved: false,
  isCancelled: false,
});
