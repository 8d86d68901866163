import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import { aboutMachine } from "../machine/reach.ts";
import * as systemd from "./actions.ts";
import { checkSystemd } from "./check.ts";
import { openSystemd, type SystemdClient } from "./client.ts";
import { judgeUnits } from "./health.ts";
import { SystemdSettings } from "./settings.ts";
import { systemdTrouble } from "./trouble.ts";

/** Units and the journal of a machine that systemd runs: this one, or one behind SSH. */
export const systemdConnector: Connector<SystemdClient, SystemdSettings> = {
  actions: actionsIn(systemd),
  open: ({ settings }) => openSystemd(settings),
  check: checkSystemd,
  close: (client) => client.machine.close(),
  trouble: systemdTrouble,
};

export const kind = connectionKind({
  name: "systemd",
  settings: SystemdSettings,
  about: (settings) => ({ ...aboutMachine(settings), units: settings.units.slice(0, 50).join(" ") }),
  health: [asks(systemd.units(), judgeUnits)],
  connector: systemdConnector,
});
