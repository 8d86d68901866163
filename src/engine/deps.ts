import type { Catalog } from "../core/ports/ports.ts";
import type { Fence, LeaseKeeper, RunStore } from "../core/ports/run-store.ts";
import type { WriteAction } from "../core/words/action.ts";
import { DiagError } from "../core/words/errors.ts";
import type { Outcome, RemedyStatus, RunOutcome, RunStatus } from "../core/words/outcome.ts";
import type { AnyExecutable, Runbook } from "../core/words/runbook.ts";
import type { System } from "../core/words/system.ts";
import type { RunView } from "../core/words/view.ts";
import type { Redact } from "../lib/redact.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Targets } from "./targets.ts";

/** Named places where a test may end or freeze the process (reliability.md, crash points). */
export const CRASH_POINTS = [
  "after_claim",
  "before_intent",
  "after_intent",
  "before_effect",
  "after_effect",
  "after_result",
  "before_verify",
  "before_release",
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

/** What is counted; wired to metrics in app.ts. */
export interface EngineEvents {
  step(action: string, outcome: Outcome, ms: number): void;
  remedy(runbook: string, status: RemedyStatus): void;
  /** `outcome`: what came of the problem. */
  run(runbook: string, status: RunStatus, outcome: RunOutcome, ms: number): void;
  leaseLost(): void;
}

export interface EngineDeps {
  readonly store: RunStore;
  readonly catalog: Catalog;
  readonly targets: Targets;
  /** Bounds and cleans text of others and takes secrets out: known ones and what looks like one. */
  readonly redact: Redact;
  /** The same for our own words with names of others in them: known secrets only. */
  readonly redactKnown: Redact;
  /** Keeps leases while this process's loop is blocked; left out where nothing blocks it for long. */
  readonly keeper?: LeaseKeeper;
  readonly logger: Logger;
  readonly events: EngineEvents;
  /** Does nothing outside tests. */
  readonly crash: (point: CrashPoint) => void;
}

/**
 * One run in the hands of this worker. `stop` fires when the lease is lost, the run is cancelled or the worker ends; `letGo`
 * does not fire at a cancel: what became of a write is found out first.
 */
export interface ClaimedRun {
  readonly fence: Fence;
  readonly view: RunView;
  readonly runbook: Runbook;
  readonly system: System;
  readonly stop: AbortSignal;
  readonly letGo: AbortSignal;
  /** Workers in a row that this run has stopped, or that died with it in hand. */
  readonly lostLeases: number;
}

/** Runbook and system of a run, as this process knows them. Throws when the configuration no longer has them. */
export function knowledgeOf(catalog: Catalog, view: RunView): { runbook: Runbook; system: System } {
  const runbook = catalog.runbooks.find((candidate) => candidate.id === view.runbook);
  const system = catalog.systems.find((candidate) => candidate.id === view.system);
  if (runbook === undefined)
    throw new DiagError("unknown_runbook", `runbook ${view.runbook} is not known here`);
  if (system === undefined)
    throw new DiagError("unknown_system", `system ${view.system} is not configured here`);
  return { runbook, system };
}

/** The write action of that name. */
export function writeAction(deps: EngineDeps, name: string): WriteAction {
  const action = deps.targets.action(name);
  if (action.effect !== "write") throw new DiagError("bug", `${name} is not a write`);
  return action;
}

/** The executable remedy of that key. */
export function executable(claimed: Pick<ClaimedRun, "runbook">, key: string): AnyExecutable {
  const spec = claimed.runbook.remedies[key];
  if (spec === undefined || spec.advice !== undefined)
    throw new Error(`runbook ${claimed.runbook.id} has no executable remedy ${key}`);
  return spec;
}
