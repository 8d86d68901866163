import type { Catalog } from "../core/ports/catalog.ts";
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
  "before_auto",
  "after_auto",
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
  /** Undefined: the one the run began with is not here, but another text of it or none. Its rules are not asked then. */
  readonly runbook: Runbook | undefined;
  readonly system: System;
  readonly stop: AbortSignal;
  readonly letGo: AbortSignal;
  /** Workers in a row that this run has stopped, or that died with it in hand. */
  readonly lostLeases: number;
}

/** A worker that began before a change does not see it. */
const RESTART =
  "a worker knows diagbot.yaml and its packs as they were when it began: restart `diagbot serve` after a change";

/** The system of a run. Throws when the configuration no longer has it. */
export function systemOf({ systems }: Catalog, view: RunView): System {
  const system = systems.find(({ id }) => id === view.system);
  if (system !== undefined) return system;
  throw new DiagError("unknown_system", `system ${view.system} is not configured here`, { hint: RESTART });
}

/** The runbook of a run as it is here now. Throws when the configuration no longer has it. */
export function runbookNow({ runbooks }: Catalog, view: RunView): Runbook {
  const runbook = runbooks.find(({ id }) => id === view.runbook);
  if (runbook !== undefined) return runbook;
  throw new DiagError("unknown_runbook", `runbook ${view.runbook} is not known here`, { hint: RESTART });
}

/** The runbook a run began with; undefined: it has changed since, or is gone. */
export const runbookOf = ({ runbooks }: Catalog, { runbook: id, runbookVersion }: RunView) =>
  runbooks.find((runbook) => runbook.id === id && runbook.digest === runbookVersion?.digest);

/** The write action of that name. */
export function writeAction(deps: EngineDeps, name: string): WriteAction {
  const action = deps.targets.action(name);
  if (action.effect !== "write") throw new DiagError("bug", `${name} is not a write`);
  return action;
}

/** The runbook a run began with, where its rules are needed. Throws: decide never lets it come to that. */
export function unchanged({ runbook, view }: Pick<ClaimedRun, "runbook" | "view">): Runbook {
  if (runbook !== undefined) return runbook;
  throw new DiagError("bug", `runbook ${view.runbook} has changed since the run began`);
}

/** The executable remedy of that key. */
export function executable(runbook: Runbook, key: string): AnyExecutable {
  const spec = runbook.remedies[key];
  if (spec === undefined || spec.advice !== undefined)
    throw new Error(`runbook ${runbook.id} has no executable remedy ${key}`);
  return spec;
}
