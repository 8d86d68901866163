import type { Contact } from "../../core/rules/contacts.ts";
import type { Levels } from "../../core/rules/escalation.ts";
import type { Around } from "../../core/rules/look-next.ts";
import type { SystemLink } from "../../core/words/link.ts";
import type { Principal } from "../../core/words/policy.ts";
import type { IncidentView, RunView } from "../../core/words/view.ts";
import type { ShownState } from "./plan-file.ts";

/** What drawing needs besides the rows. */
export interface DrawOptions {
  readonly now: Date;
  readonly people: readonly Principal[];
  /** What the thread has shown so far; absent: nothing. Approve waits for the file of a long plan. */
  readonly shown?: ShownState;
  /** Takes secrets out of what has not been recorded without them: inputs and states of plans. Default: nothing. */
  readonly redact?: (text: string) => string;
  /** What to type for the same run once more. Default: system and runbook. */
  readonly again?: (run: RunView) => string;
  /** Who is to be asked about what a run found. Default: nobody. */
  readonly contacts?: (run: RunView) => readonly Contact[];
  /** What to type to look further, where a run leaves people without a cause. Default: nothing. */
  readonly elsewhere?: (run: RunView, around: Around) => readonly string[];
  /** Pages of a system to look further on. Default: none. */
  readonly links?: (system: string) => readonly SystemLink[];
  /** Who is told when nobody answers. Default: nobody. */
  readonly levels?: (incident: IncidentView) => Levels | undefined;
  /** The workspace on the web, `https://acme.slack.com/`, for links to messages. */
  readonly workspace?: string;
}
