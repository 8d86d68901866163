import type { AutoState } from "../words/auto.ts";
import type { ChangeView } from "../words/change.ts";
import type { SetOff } from "../words/freeze.ts";
import type { ApprovalId, IncidentId, RunId, ThreadId } from "../words/ids.ts";
import type { PendingView } from "../words/pending.ts";
import type { StormView } from "../words/storm.ts";
import type { System } from "../words/system.ts";
import type { FreezeView, RunSummary, RunView, ThreadView } from "../words/view.ts";

/** Everything read by people: doors, CLI, thread. */
export interface Reader {
  run(id: RunId): Promise<RunView | undefined>;
  runs(filter: { systems?: readonly string[]; limit: number }): Promise<RunSummary[]>;
  /** What waits for people, what ends first first. `systems`: of these only. */
  pending(systems?: readonly string[]): Promise<PendingView[]>;
  /** The thread of an incident, named by its number or by a message of the thread. */
  threadOf(which: {
    readonly incident?: IncidentId;
    readonly message?: { readonly channel: string; readonly ts: string };
  }): Promise<ThreadId | undefined>;
  /** Where the thread's first message stands; undefined: not posted yet. */
  root(thread: ThreadId): Promise<{ channel: string; ts: string } | undefined>;
  /** What goes on by itself once the freeze (of that system) ends. */
  setsOff(system?: string): Promise<SetOff[]>;
  /** The newest storms, whole. */
  storms(limit: number): Promise<StormView[]>;
  thread(id: ThreadId): Promise<ThreadView | undefined>;
  /** Of all systems. */
  freeze(): Promise<FreezeView | undefined>;
  /** Freezes and maintenances of single systems that hold now. */
  systemFreezes(systems: readonly string[]): Promise<FreezeView[]>;
  /** What was changed on a system since then, the newest first; at most 50. */
  changes(system: string, since: Date): Promise<ChangeView[]>;
  /** Where the policy `auto` of these systems stands. */
  auto(systems: readonly Pick<System, "id" | "auto">[]): Promise<AutoState[]>;
  /** The run and remedy an approval belongs to. */
  approval(id: ApprovalId): Promise<{ run: RunId; remedy: string } | undefined>;
}
