import type { Delivery } from "./deliver/deliver.ts";
import type { Events } from "./deliver/events.ts";
import type { Sockets } from "./deliver/sockets.ts";
import type { Faults } from "./faults.ts";
import type { Log } from "./log.ts";
import type { Settings } from "./options.ts";
import type { PanelBoard } from "./panel-board.ts";
import type { Workspace } from "./state/workspace.ts";
import type { LocalCall } from "./types.ts";

/** Everything behind the curtain; what a handler may need. */
export interface Backstage {
  readonly settings: Settings;
  readonly workspace: Workspace;
  readonly faults: Faults;
  readonly calls: Log<LocalCall>;
  readonly sockets: Sockets;
  readonly delivery: Delivery;
  readonly events: Events;
  readonly panel: PanelBoard;
  /** `http://127.0.0.1:PORT`, known once the server listens. */
  readonly url: () => string;
}
