import type { SetOff } from "../words/freeze.ts";
import type { ApprovalId, RunId, ThreadId } from "../words/ids.ts";
import type { StormView } from "../words/storm.ts";
import type { FreezeView, PendingView, RunSummary, RunView, ThreadView } from "../words/view.ts";

/** Everything read by people: doors, CLI, thread. */
export interface Reader {
  run(id: RunId): Promise<RunView | undefined>;
  runs(filter: { systems?: readonly string[]; limit: number }): Promise<RunSummary[]>;
  /** What waits for people, what ends first first. `systems`: of these only. */
  pending(systems?: readonly string[]): Promise<PendingView[]>;
  /** Where the thread's first message stands; undefined: not posted yet. */
  root(thread: ThreadId): Promise<{ channel: string; ts: string } | undefined>;
  /** What goes on by itself once the freeze ends. */
  setsOff(): Promise<SetOff[]>;
  /** The newest storms, whole. */
  storms(limit: number): Promise<StormView[]>;
  thread(id: ThreadId): Promise<ThreadView | undefined>;
  freeze(): Promise<FreezeView | undefined>;
  /** The run and remedy an approval belongs to. */
  approval(id: ApprovalId): Promise<{ run: RunId; remedy: string } | undefined>;
}
