import type { Contact } from "../../core/rules/contacts.ts";
import type { Principal } from "../../core/words/policy.ts";
import type { RunView } from "../../core/words/view.ts";
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
  /** The workspace on the web, `https://acme.slack.com/`, for links to messages. */
  readonly workspace?: string;
}
