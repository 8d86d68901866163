import type { Action, ActionContext } from "./action.ts";
import type { Connection } from "./connection.ts";
import type { TroubleOf } from "./trouble.ts";

/** One thing a connection needs, for `doctor`. */
export interface ConnectionCheck {
  /** One word or two: `reach`, `role`, `labels`. */
  readonly name: string;
  /** `missing`: nothing works without it; `warning`: part of what diagbot can do does not. */
  readonly state: "ok" | "warning" | "missing";
  readonly detail: string;
  /** One sentence that says where to do what. */
  readonly fix?: string;
  /** Lines to paste there as they are: every name from outside is quoted for that place. */
  readonly paste?: readonly string[];
}

/** How connections of a kind are reached, and what can be done there. */
export interface Connector<Client = unknown, Settings = unknown> {
  readonly actions: readonly Action[];
  /** Cheap and without I/O where possible: connections are made at first use. One client per connection and process. */
  open(connection: Connection<Settings>): Client;
  /** What the connection lacks for the actions above: privileges, names that match nothing. Looks only; throws DiagError where it cannot be reached. */
  check?(client: Client, context: ActionContext): Promise<readonly ConnectionCheck[]>;
  close(client: Client): Promise<void>;
  /** What it means that steps on this kind errored, or saw only a part: the same words for every runbook. Pure. */
  readonly trouble?: TroubleOf;
}
